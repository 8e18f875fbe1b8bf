Feature: Alcohol use disorder
  Low magnesium is common with it, and thiamine comes before glucose. A trial for mood waits until the person is stable, which the
  record shows as remission.
  Evidence: bnssg-hypomagnesaemia; against: none

  Scenario Outline: a disorder that is not in remission holds back a trial
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "<diagnosis>"
    When the record is evaluated
    Then "alcohol-use-disorder" is <stop>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | diagnosis                                  | stop          | trial      |
      | alcohol use disorder                       | offered       | suppressed |
      | alcohol dependence                         | offered       | suppressed |
      | harmful alcohol use                        | offered       | suppressed |
      | alcohol withdrawal delirium                | offered       | suppressed |
      | Alcohol dependence, in remission           | not indicated | offered    |
      | Alcohol use disorder, mild, in early remission | not indicated | offered |
      | nonalcoholic fatty liver disease           | not indicated | offered    |
      | family history of alcoholism               | not indicated | offered    |

  Scenario: a trial alone is held back too
    Given an adult with mild to moderate depression who declined first-line care
    And the patient has "alcohol use disorder"
    When the record is evaluated
    Then "supplement-alone" is suppressed by "alcohol-use-disorder"

  Scenario: the work-up of a low magnesium is not held back
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "alcohol dependence"
    And the serum magnesium is "0.60 mmol/L"
    When the record is evaluated
    Then "alcohol-use-disorder" is offered
    And "confirm-low-magnesium" is offered

  Scenario: without a problem list it cannot be excluded
    Given an adult with mild to moderate depression on a stable antidepressant
    And the problem list is not known
    When the record is evaluated
    Then "alcohol-use-disorder" is withheld for want of "problem list"
    And "supplement-alongside-therapy" is withheld for want of "problem list"

  Scenario: what its text says
    Given an adult with mild to moderate depression on a stable antidepressant
    And the patient has "alcohol use disorder"
    When the record is evaluated
    Then the text of "alcohol-use-disorder" says "Thiamine comes before glucose"
    And the text of "alcohol-use-disorder" says "potassium and phosphate"
    And the text of "alcohol-use-disorder" says "before the person is stable"
    And the text of "alcohol-use-disorder" never says "must"

  Scenario: nobody takes magnesium and no trial is in question
    Given a healthy adult
    And the patient has "alcohol dependence"
    When the record is evaluated
    Then "alcohol-use-disorder" is not indicated

  Scenario: magnesium that is already being taken
    Given a healthy adult
    And the patient has "alcohol dependence"
    And the patient takes "magnesium citrate" with "100 mg elemental" a day since 30 days ago
    When the record is evaluated
    Then "alcohol-use-disorder" is offered
