Feature: Low magnesium with a low albumin
  A part of serum magnesium is bound to albumin: with an albumin below 30 g/L a low total may look worse than it is. No formula is
  used, the value still counts, and nothing is held back.
  Evidence: alfred-magnesium (proposal); against: none

  Scenario Outline: an albumin below 30 g/L
    Given a healthy adult
    And the serum magnesium is "<magnesium>"
    And the albumin is "<albumin>"
    When the record is evaluated
    Then "low-albumin" is <flag>

    Examples:
      | magnesium   | albumin  | flag          |
      | 0.65 mmol/L | 29 g/L   | offered       |
      | 0.65 mmol/L | 30 g/L   | not indicated |
      | 0.65 mmol/L | 31 g/L   | not indicated |
      | 0.65 mmol/L | 2.9 g/dL | offered       |
      | 0.65 mmol/L | 3.0 g/dL | not indicated |
      | 0.69 mmol/L | 25 g/L   | offered       |
      | 0.70 mmol/L | 25 g/L   | not indicated |

  Scenario: the low value still counts
    Given a healthy adult
    And the serum magnesium is "0.65 mmol/L"
    And the albumin is "25 g/L"
    When the record is evaluated
    Then "low-albumin" is offered
    And "confirm-low-magnesium" is offered
    And the text of "low-albumin" says "no formula of correction is used"
    And the text of "low-albumin" never says "corrected magnesium"

  Scenario Outline: an albumin is current for 365 days
    Given a healthy adult
    And the serum magnesium is "0.65 mmol/L"
    And the albumin is "25 g/L" from <days> days ago
    When the record is evaluated
    Then "low-albumin" is <flag>

    Examples:
      | days | flag          |
      | 365  | offered       |
      | 366  | not indicated |

  Scenario Outline: where one of the two is not known nothing is said
    Given a healthy adult
    And the serum magnesium is "0.65 mmol/L"
    And the albumin is "25 g/L"
    And the <item> is not known
    When the record is evaluated
    Then "low-albumin" is not indicated

    Examples:
      | item            |
      | serum magnesium |
      | albumin         |

  Scenario: of a magnesium that cannot be used nothing is said
    Given a healthy adult
    And the albumin is "25 g/L"
    And the serum magnesium was reported 0 days ago and cannot be used
    When the record is evaluated
    Then "low-albumin" is not indicated

  Scenario: an albumin known only to be below 35 g/L leaves it open
    Given a healthy adult
    And the serum magnesium is "0.65 mmol/L"
    And the albumin is "<35 g/L"
    When the record is evaluated
    Then "low-albumin" is withheld for want of "albumin"

  Scenario: where the age is not known it waits
    Given a healthy adult
    And the age is not known
    And the serum magnesium is "0.65 mmol/L"
    And the albumin is "25 g/L"
    When the record is evaluated
    Then "low-albumin" is withheld for want of "age"
