Feature: Suicide risk and severity come before magnesium
  Evidence: clinical brief SS-01, SS-08, SS-09, 8.1, 8.2 and 8.4 (items 2 and 10)

  Scenario: item 9 is positive and nobody has assessed the risk
    Given any patient
    And the PHQ-9 item 9 is at least "1"
    And the suicide risk assessment is not known
    When the record is evaluated
    Then "suicide-risk" is offered
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: the last assessment found acute risk, whatever item 9 says
    Given any patient
    And the suicide risk assessment is "acute risk"
    When the record is evaluated
    Then "acute-suicide-risk" is offered
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario: psychosis or catatonia stays urgent whatever was assessed
    Given any patient
    And the patient has a diagnosis of "psychosis_or_catatonia"
    When the record is evaluated
    Then "suicide-risk" is offered

  Scenario: an assessment that is on record does not answer an item 9 nobody asked
    Given any patient
    And the suicide risk assessment is "no acute risk"
    And the PHQ-9 item 9 is not known
    When the record is evaluated
    Then no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered

  Scenario Outline: suicidality that was not assessed
    Given any patient
    And the patient has a diagnosis of "suicidality"
    And the suicide risk assessment is not known
    When the record is evaluated
    Then "suicide-risk" is offered
    And no suggestion of kind "<kind>" is offered

    Examples:
      | kind     |
      | consider |
      | dose     |

  Scenario Outline: magnesium is never the only care of a more severe depression
    Given any patient
    And the PHQ-9 is at least "<score>"
    When the record is evaluated
    Then "<suggestion>" is not offered

    Examples:
      | score | suggestion                   |
      | 16    | supplement-alone             |
      | 20    | supplement-alongside-therapy |
      | 20    | trial-dose                   |
      | 20    | replete-low-magnesium        |

  Scenario Outline: without depressive symptoms no trial is begun
    Given any patient
    And the PHQ-9 is below "5"
    When the record is evaluated
    Then "<suggestion>" is not offered

    Examples:
      | suggestion                   |
      | supplement-alone             |
      | supplement-alongside-therapy |
      | trial-dose                   |
      | replete-low-magnesium        |

  Scenario: first-line care that was never offered comes first
    Given any patient
    And the first-line care is "not offered"
    When the record is evaluated
    Then "supplement-alone" is not offered

  Scenario: a positive bipolar screen
    Given any patient
    And the bipolar screen is "positive"
    When the record is evaluated
    Then "bipolar-screen-positive" is offered
    And no suggestion of kind "consider" is offered
    And no suggestion of kind "dose" is offered
