Feature: Magnesium from supplements above the limit
  All supplements, antacids and laxatives are added up as elemental magnesium. Above 250 mg a day, the lowest local limit,
  no more is put forward; the limit itself passes. A dose that is neither elemental nor of a formula is asked about.
  Evidence: efsa-2015-ul, iom-1997-ul, evm-2003

  Scenario Outline: the sum against 250 mg elemental
    Given a healthy adult
    And the patient takes "magnesium citrate" with "<dose>" a day since 20 days ago
    When the record is evaluated
    Then "dose-above-limit" is <stop>

    Examples:
      | dose                     | stop          |
      | 249 mg elemental         | not indicated |
      | 250 mg elemental         | not indicated |
      | 251 mg elemental         | offered       |
      | 500 mg salt of MgO       | offered       |
      | 400 mg salt of MgO       | not indicated |
      | 2000 mg salt of MgCl2.6H2O | not indicated |

  Scenario: a trial dose and an antacid add up
    Given a healthy adult
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 20 days ago
    And the patient takes "Maalox" with "200 mg elemental" a day since 5 days ago
    When the record is evaluated
    Then "dose-above-limit" is offered

  Scenario: "500 mg of magnesium oxide" is asked about, not guessed
    Given a healthy adult
    And the patient takes "magnesium oxide" with "500 mg" a day since 20 days ago
    When the record is evaluated
    Then "dose-above-limit" is withheld for want of "supplemental magnesium"
    And "elemental or of a salt" is reported as a data problem of the supplemental magnesium

  Scenario: a known excess stays one beside a product of unknown dose
    Given a healthy adult
    And the patient takes "magnesium citrate" with "300 mg elemental" a day since 20 days ago
    And the patient takes "Maalox" since 5 days ago
    When the record is evaluated
    Then "dose-above-limit" is offered

  Scenario: no magnesium is no excess
    Given a healthy adult
    When the record is evaluated
    Then "dose-above-limit" is not indicated

  Scenario: the warning does not wait for other data
    Given a healthy adult
    And the age is not known
    And the eGFR is not known
    And the patient takes "magnesium citrate" with "600 mg elemental" a day since 20 days ago
    When the record is evaluated
    Then "dose-above-limit" is offered
