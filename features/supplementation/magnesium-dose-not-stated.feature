Feature: How much magnesium a product gives is not on record
  Milligrams of a salt are not milligrams of magnesium: what is not stated is asked for, never converted.
  Evidence: efsa-2015-ul, iom-1997-ul (proposal)

  Scenario Outline: elemental, or a salt with its formula, or asked for
    Given a healthy adult
    And the patient takes "magnesium oxide" with "<dose>" a day since 20 days ago
    When the record is evaluated
    Then "magnesium-dose-not-stated" is <inform>

    Examples:
      | dose                  | inform        |
      | 248 mg elemental      | not indicated |
      | 400 mg salt of MgO    | not indicated |

  Scenario: "500 mg of magnesium oxide" is not guessed
    Given a healthy adult
    And the patient takes "magnesium oxide" with "500 mg" a day since 20 days ago
    When the record is evaluated
    Then "magnesium-dose-not-stated" is offered
    And "dose-above-limit" is withheld for want of "supplemental magnesium"
    And "elemental or of a salt" is reported as a data problem of the supplemental magnesium

  Scenario: a product on the medicine list comes without a dose
    Given a healthy adult
    And the patient takes "milk of magnesia" since 20 days ago
    When the record is evaluated
    Then "magnesium-dose-not-stated" is offered

  Scenario: beside a known dose the limit asks for it
    Given a healthy adult
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 20 days ago
    And the patient takes "milk of magnesia" since 20 days ago
    When the record is evaluated
    Then "magnesium-dose-not-stated" is not indicated
    And "dose-above-limit" is withheld for want of "supplemental magnesium"

  Scenario: no magnesium, no question
    Given a healthy adult
    When the record is evaluated
    Then "magnesium-dose-not-stated" is not indicated

  Scenario: a medicine list that is not known leaves it open
    Given a healthy adult
    And the medicine list is not known
    When the record is evaluated
    Then "magnesium-dose-not-stated" is withheld for want of "medicine list"

  Scenario: under 18 it is held back, and nothing is converted
    Given a healthy adult
    And the age is "17"
    And the patient takes "milk of magnesia" since 20 days ago
    When the record is evaluated
    Then "magnesium-dose-not-stated" is suppressed by "outside-adult-scope"
    And the text of "magnesium-dose-not-stated" says "not converted without its formula"
