Feature: Magnesium within the laboratory's range, below a proposed limit
  Between the laboratory's lower limit and 0.85 mmol/L (2.07 mg/dL, 1.7 meq/L): a proposed, unadopted zone. It informs where
  magnesium is in question, it is no reason to treat, and it holds nothing back.
  Evidence: rosanoff-2022; against: warsaw-2020, phelan-2018

  Scenario Outline: from the lower limit up to the proposed one, in each unit
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "<magnesium>"
    When the record is evaluated
    Then "latent-magnesium-zone" is <inform>
    And "confirm-low-magnesium" is <workup>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | magnesium   | inform        | workup        | trial      |
      | 0.69 mmol/L | not indicated | offered       | suppressed |
      | 0.70 mmol/L | offered       | not indicated | offered    |
      | 0.84 mmol/L | offered       | not indicated | offered    |
      | 0.85 mmol/L | not indicated | not indicated | offered    |
      | 0.86 mmol/L | not indicated | not indicated | offered    |
      | 1.6 mg/dL   | not indicated | offered       | suppressed |
      | 1.7 mg/dL   | offered       | not indicated | offered    |
      | 2.06 mg/dL  | offered       | not indicated | offered    |
      | 2.07 mg/dL  | not indicated | not indicated | offered    |
      | 2.08 mg/dL  | not indicated | not indicated | offered    |
      | 1.39 meq/L  | not indicated | offered       | suppressed |
      | 1.4 meq/L   | offered       | not indicated | offered    |
      | 1.69 meq/L  | offered       | not indicated | offered    |
      | 1.7 meq/L   | not indicated | not indicated | offered    |
      | 1.71 meq/L  | not indicated | not indicated | offered    |

  Scenario: the laboratory's own limit comes first
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.72 mmol/L" with laboratory limits "0.75 mmol/L" to "0.95 mmol/L"
    When the record is evaluated
    Then "latent-magnesium-zone" is not indicated
    And "confirm-low-magnesium" is offered

  Scenario: it is not said where magnesium is not in question
    Given a healthy adult
    And the serum magnesium is "0.80 mmol/L"
    When the record is evaluated
    Then "latent-magnesium-zone" is not indicated

  Scenario Outline: a value is current for 90 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.80 mmol/L" from <days> days ago
    When the record is evaluated
    Then "latent-magnesium-zone" is <inform>

    Examples:
      | days | inform   |
      | 90   | offered  |
      | 91   | withheld |

  Scenario: under 18 it is held back
    Given an adult with mild to moderate depression on a stable antidepressant
    And the age is "17"
    And the serum magnesium is "0.80 mmol/L"
    When the record is evaluated
    Then "latent-magnesium-zone" is suppressed by "outside-adult-scope"

  Scenario: no disease, no reason to treat
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "0.80 mmol/L"
    When the record is evaluated
    Then the text of "latent-magnesium-zone" says "within the laboratory's range"
    And the text of "latent-magnesium-zone" says "laboratories have not adopted it"
    And the text of "latent-magnesium-zone" says "not itself a reason to treat"
    And the text of "latent-magnesium-zone" never says "deficiency"
    And the text of "latent-magnesium-zone" never says "supplement"

  Scenario: a limit holds in the unit it is reported in: 2.068 mg/dL is below 2.07, and above 0.85 mmol/L
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "2.068 mg/dL"
    When the record is evaluated
    Then "latent-magnesium-zone" is offered
