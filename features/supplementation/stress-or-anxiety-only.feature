Feature: Stress or anxiety without depressive symptoms
  With a PHQ-9 below 5 nothing is suggested; where stress or anxiety is on record it is said that its evidence is poor and not
  about depression.
  Evidence: boyle-2017; against: pouteau-2018, noah-2021

  Scenario Outline: a PHQ-9 below 5 and the symptom
    Given a healthy adult
    And the patient reports "<symptom>"
    And the PHQ-9 is "<phq9>"
    When the record is evaluated
    Then "stress-or-anxiety-only" is <inform>
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

    Examples:
      | symptom   | phq9 | inform        |
      | stress    | 0    | offered       |
      | stress    | 3    | offered       |
      | anxiety   | 4    | offered       |
      | anxiety   | 5    | not indicated |
      | anxiety   | 6    | not indicated |
      | back pain | 4    | not indicated |

  Scenario Outline: a GAD-7 from 10
    Given a healthy adult
    And the GAD-7 is "<gad7>" from <days> days ago
    When the record is evaluated
    Then "stress-or-anxiety-only" is <inform>

    Examples:
      | gad7 | days | inform        |
      | 9    | 0    | not indicated |
      | 10   | 0    | offered       |
      | 11   | 0    | offered       |
      | 12   | 14   | offered       |
      | 12   | 15   | not indicated |

  Scenario: with a PHQ-9 of 4 and a normal magnesium nothing is said
    Given a healthy adult
    And the PHQ-9 is "4"
    And the serum magnesium is "0.85 mmol/L"
    When the record is evaluated
    Then nothing is offered but ""

  Scenario: without a PHQ-9 it is withheld
    Given a healthy adult
    And the patient reports "stress"
    And the PHQ-9 is not known
    When the record is evaluated
    Then "stress-or-anxiety-only" is withheld for want of "PHQ-9"

  Scenario: under 18 it is held back
    Given a healthy adult
    And the age is "17"
    And the patient reports "stress"
    When the record is evaluated
    Then "stress-or-anxiety-only" is suppressed by "outside-adult-scope"

  Scenario: it promises nothing
    Given a healthy adult
    And the patient reports "stress"
    When the record is evaluated
    Then the text of "stress-or-anxiety-only" says "poor quality"
    And the text of "stress-or-anxiety-only" says "not applicable to diagnosed depression"
    And the text of "stress-or-anxiety-only" never says "may be considered"
