Feature: Outside adult care and in pregnancy no magnesium is put forward
  Evidence: clinical brief DQ-01, 8.2 and 8.3

  Scenario Outline: under 18
    Given any patient
    And the age is below "18 years"
    When the record is evaluated
    Then "outside-adult-scope" is offered
    And no suggestion of kind "<kind>" is offered

    Examples:
      | kind        |
      | consider    |
      | dose        |
      | workup      |
      | interaction |
      | monitor     |
      | inform      |

  Scenario Outline: pregnancy or lactation, whatever age and sex are recorded
    Given any patient
    And the pregnancy is "<state>"
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

    Examples:
      | state     |
      | pregnant  |
      | lactating |

  Scenario: a pregnancy on the problem list
    Given any patient
    And the patient has a diagnosis of "pregnancy"
    When the record is evaluated
    Then "pregnancy" is offered
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: a woman of childbearing age whose pregnancy is not known
    Given any patient
    And the sex is "female"
    And the age is at least "18 years"
    And the age is below "56 years"
    And the pregnancy is not known
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: magnesium L-threonate in pregnancy
    Given any patient
    And the patient takes a medicine of "magnesium_threonate"
    And the patient has a diagnosis of "pregnancy"
    When the record is evaluated
    Then "threonate-in-pregnancy" is offered
