Feature: Long use of a proton pump inhibitor and no magnesium in a year
  PPIs can lower magnesium after months of use; it is measured before and during long use.
  Evidence: fda-2011-ppi

  Scenario Outline: more than 90 days of use
    Given a healthy adult
    And the patient takes "omeprazole" since <days> days ago
    When the record is evaluated
    Then "ppi-without-magnesium" is <workup>

    Examples:
      | days | workup        |
      | 89   | not indicated |
      | 90   | not indicated |
      | 91   | offered       |
      | 400  | offered       |

  Scenario Outline: a magnesium within 365 days is enough
    Given a healthy adult
    And the patient takes "omeprazole" since 400 days ago
    And the serum magnesium is "0.85 mmol/L" from <days> days ago
    When the record is evaluated
    Then "ppi-without-magnesium" is <workup>

    Examples:
      | days | workup        |
      | 364  | not indicated |
      | 365  | not indicated |
      | 366  | offered       |

  Scenario: a spoilt sample is no measurement
    Given a healthy adult
    And the patient takes "pantoprazole" since 400 days ago
    And the serum magnesium is "0.90 mmol/L" from a haemolysed specimen
    When the record is evaluated
    Then "ppi-without-magnesium" is offered

  Scenario: a PPI of unknown duration is asked about
    Given a healthy adult
    And the patient takes "omeprazole"
    When the record is evaluated
    Then "ppi-without-magnesium" is withheld for want of "medicine list"

  Scenario: what it says of a low value
    Given a healthy adult
    And the patient takes "omeprazole" since 400 days ago
    When the record is evaluated
    Then the text of "ppi-without-magnesium" says "mostly after a year"
    And the text of "ppi-without-magnesium" says "sooner with a diuretic or digoxin"
    And the text of "ppi-without-magnesium" says "about a quarter did not recover on magnesium alone"

  Scenario: the magnesium in esomeprazole magnesium is no supplement
    Given a healthy adult
    And the patient takes "esomeprazole magnesium" since 400 days ago
    When the record is evaluated
    Then "ppi-without-magnesium" is offered
    And "week-six-review" is not indicated
