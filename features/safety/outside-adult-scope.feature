Feature: Outside the scope: under 18
  Trials and limits are those of adults. Under 18 nothing is said but what is urgent, safety stops, and requests to
  complete or repeat data; an unknown age withholds.
  Evidence: iom-1997-ul, tarleton-2017

  Scenario Outline: adults begin at 18
    Given an adult with mild to moderate depression on a stable antidepressant
    And the age is "<age>"
    When the record is evaluated
    Then "outside-adult-scope" is <scope>
    And "supplement-alongside-therapy" is <trial>
    And "assess-dietary-intake" is <trial>

    Examples:
      | age | scope         | trial      |
      | 17  | offered       | suppressed |
      | 18  | not indicated | offered    |
      | 19  | not indicated | offered    |

  Scenario: a depressed adolescent gets no other suggestion
    Given an adult with mild to moderate depression on a stable antidepressant
    And the age is "17"
    When the record is evaluated
    Then nothing is offered but "outside-adult-scope"
    And the text of "outside-adult-scope" says "urgent ones, safety stops and requests to complete the record"

  Scenario: an unknown age withholds and is named
    Given an adult with mild to moderate depression on a stable antidepressant
    And the age is not known
    When the record is evaluated
    Then "supplement-alongside-therapy" is withheld for want of "age"
    And "assess-dietary-intake" is withheld for want of "age"

  Scenario: work-up for adults is held back, what is urgent and what stops is not
    Given a healthy adult
    And the age is "15"
    And the eGFR is "25 mL/min/1.73m2"
    And the serum magnesium is "0.45 mmol/L"
    When the record is evaluated
    Then nothing is offered but "outside-adult-scope, severe-hypomagnesaemia, severe-renal-impairment"

  Scenario: of a patient nothing is known of, nothing is suggested but to complete the record
    Given a patient of whom nothing is known
    When the record is evaluated
    Then nothing is offered but "medicine-list-not-reconciled"
