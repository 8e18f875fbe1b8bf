Feature: Dose of a trial of magnesium
  248 mg elemental a day, the dose of the trial, below all three local limits (EFSA 250, US 350, UK 400). Always of the
  element, never of a salt. It is said only where a trial is offered.
  Evidence: tarleton-2017, efsa-2015-ul, iom-1997-ul, evm-2003; against: ryszewska-pokrasniewicz-2018, phelan-2018

  Scenario: the dose is always of the element
    Given an adult with mild to moderate depression on a stable antidepressant
    When the record is evaluated
    Then "trial-dose" is offered
    And the text of "trial-dose" says "248 mg of elemental magnesium a day"
    And the text of "trial-dose" says "250 mg elemental (EFSA)"
    And the text of "trial-dose" says "in two portions with food"
    And the text of "trial-dose" says "from 65 years a start with 124 mg elemental"
    And the text of "trial-dose" says "No form is proven better for mood"
    And the text of "trial-dose" says "No major depression guideline recommends magnesium"
    And the text of "trial-dose" says "not starting is an option"
    And the text of "trial-dose" never says "500 mg"

  Scenario: no trial, no dose
    Given a healthy adult
    When the record is evaluated
    Then "trial-dose" is not indicated
    And no suggestion of kind "dose" is offered

  Scenario Outline: what holds back the trial holds back the dose
    Given an adult with mild to moderate depression who declined first-line care
    And the <item> is "<value>"
    When the record is evaluated
    Then "supplement-alone" is suppressed by "<rule>"
    And "trial-dose" is suppressed by "<rule>"

    Examples:
      | item            | value              | rule                    |
      | PHQ-9 item 9    | 1                  | suicide-risk            |
      | eGFR            | 29.9 mL/min/1.73m2 | severe-renal-impairment |
      | pregnancy       | pregnant           | pregnancy               |
      | bipolar screen  | positive           | bipolar-screen-positive |
      | serum magnesium | 0.62 mmol/L        | confirm-low-magnesium   |
      | serum magnesium | 1.10 mmol/L        | hypermagnesaemia        |
      | age             | 17                 | outside-adult-scope     |

  Scenario: an unknown eGFR withholds the dose
    Given an adult with mild to moderate depression on a stable antidepressant
    And the eGFR is not known
    When the record is evaluated
    Then "trial-dose" is withheld for want of "eGFR"
