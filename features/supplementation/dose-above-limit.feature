Feature: Magnesium from supplements above the limit
  All supplements, antacids and laxatives are added up as elemental magnesium. Above the limit of the jurisdictions chosen, of
  several the lowest (EFSA 250 mg a day, the lowest of all, where none is chosen), no more is put forward; the limit itself
  passes. A dose that is neither elemental nor of a formula is asked about.
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

  Scenario Outline: the limit of each jurisdiction, and the lowest of several
    Given a healthy adult
    And the limits are those of "<jurisdictions>"
    And the patient takes "magnesium citrate" with "<dose> mg elemental" a day since 20 days ago
    When the record is evaluated
    Then "dose-above-limit" is <stop>

    Examples:
      | jurisdictions | dose  | stop          |
      | us            | 350   | not indicated |
      | us            | 350.1 | offered       |
      | efsa          | 250   | not indicated |
      | efsa          | 251   | offered       |
      | uk            | 400   | not indicated |
      | uk            | 401   | offered       |
      | us, uk        | 350   | not indicated |
      | us, uk        | 351   | offered       |
      | uk, efsa, us  | 250   | not indicated |
      | uk, efsa, us  | 251   | offered       |

  Scenario: in the US a trial dose of 248 mg and an antacid of 200 mg are 448 mg
    Given a healthy adult
    And the limits are those of "us"
    And the patient takes "magnesium chloride" with "248 mg elemental" a day since 20 days ago
    And the patient takes "Maalox" with "200 mg elemental" a day since 5 days ago
    When the record is evaluated
    Then "dose-above-limit" is offered
    And the explanation of "dose-above-limit" says "448 mg elemental a day: above 350 mg/d, Upper level, IOM 1997"

  Scenario: the explanation says whose limit it is
    Given a healthy adult
    And the patient takes "magnesium citrate" with "251 mg elemental" a day since 20 days ago
    When the record is evaluated
    Then the explanation of "dose-above-limit" says "above 250 mg/d, Upper level, EFSA"
    And the explanation of "dose-above-limit" says "the lowest of us, efsa, uk"

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
