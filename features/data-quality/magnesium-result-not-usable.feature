Feature: A magnesium result that cannot be used
  No unit, a unit that is not one of magnesium, an EDTA or citrate tube, a haemolysed normal or high value: it is not guessed
  and no older value stands in for it.
  Evidence: labcorp-magnesium, chimt-magnesium, nichols-magnesium (proposal)

  Scenario Outline: units
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "<magnesium>"
    When the record is evaluated
    Then "magnesium-result-not-usable" is <defer>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | magnesium   | defer         | trial    |
      | 2.0         | offered       | withheld |
      | 2.0 mg      | offered       | withheld |
      | 2.0 g/kg    | offered       | withheld |
      | 2.0 mg/dL   | not indicated | offered  |
      | 0.82 mmol/L | not indicated | offered  |
      | 1.65 meq/L  | not indicated | offered  |

  Scenario Outline: specimens
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is "<magnesium>" from a <fault> specimen
    When the record is evaluated
    Then "magnesium-result-not-usable" is <defer>
    And "supplement-alongside-therapy" is <trial>

    Examples:
      | magnesium   | fault      | defer         | trial      |
      | 0.69 mmol/L | haemolysed | not indicated | suppressed |
      | 0.70 mmol/L | haemolysed | offered       | withheld   |
      | 0.90 mmol/L | haemolysed | offered       | withheld   |
      | 0.85 mmol/L | citrate    | offered       | withheld   |
      | 0.85 mmol/L | lipaemic   | not indicated | offered    |

  Scenario: never measured is not the same as spoilt
    Given an adult with mild to moderate depression on a stable antidepressant
    And the serum magnesium is not known
    When the record is evaluated
    Then "magnesium-result-not-usable" is not indicated
    And "supplement-alongside-therapy" is offered
