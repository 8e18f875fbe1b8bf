Feature: A recorded assessment found acute suicide risk
  A clinician's finding of acute risk counts more than an item 9 of 0. Most people have no assessment on record:
  that alone holds nothing back, item 9 has to be known instead.
  Evidence: louzon-2016 (proposal)

  Scenario Outline: acute risk is urgent whatever item 9 says
    Given an adult with mild to moderate depression on a stable antidepressant
    And the PHQ-9 item 9 is "0"
    And the suicide risk assessment is "<found>"
    When the record is evaluated
    Then "acute-suicide-risk" is <urgent>
    And "supplement-alongside-therapy" is <trial>
    And "trial-dose" is <trial>

    Examples:
      | found         | urgent        | trial      |
      | acute risk    | offered       | suppressed |
      | no acute risk | not indicated | offered    |

  Scenario: no assessment on record lets a trial pass
    Given an adult with mild to moderate depression on a stable antidepressant
    And the suicide risk assessment is not known
    When the record is evaluated
    Then "acute-suicide-risk" is withheld for want of "suicide risk assessment"
    And "supplement-alongside-therapy" is offered

  Scenario Outline: an assessment is current for 14 days
    Given an adult with mild to moderate depression on a stable antidepressant
    And the suicide risk assessment is "acute risk" from <days> days ago
    When the record is evaluated
    Then "acute-suicide-risk" is <urgent>

    Examples:
      | days | urgent   |
      | 14   | offered  |
      | 15   | withheld |
