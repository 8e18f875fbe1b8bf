Feature: Estimated dietary magnesium below the average requirement
  An estimate of intake below the estimated average requirement (EAR, US 1997) for age, sex and pregnancy. Food first; it is a
  question of nutrition, no benefit for mood is claimed. An unknown intake is never a low one.
  Evidence: iom-1997-intakes, magnesium-food-tables; against: tarleton-littenberg-2015, martinez-gonzalez-2016

  Scenario Outline: below the requirement of the person, not at it
    Given a healthy adult
    And the age is "<age>"
    And the sex is "<sex>"
    And the pregnancy is "<pregnancy>"
    And the dietary magnesium is "<intake> mg/d" by "24-hour recalls"
    When the record is evaluated
    Then "low-dietary-magnesium" is <inform>

    Examples:
      | age | sex    | pregnancy    | intake | inform        |
      | 18  | male   | not pregnant | 339    | offered       |
      | 18  | male   | not pregnant | 340    | not indicated |
      | 18  | male   | not pregnant | 341    | not indicated |
      | 18  | female | not pregnant | 299    | offered       |
      | 18  | female | not pregnant | 300    | not indicated |
      | 18  | female | not pregnant | 301    | not indicated |
      | 18  | female | pregnant     | 334    | offered       |
      | 18  | female | pregnant     | 335    | not indicated |
      | 18  | female | pregnant     | 336    | not indicated |
      | 19  | male   | not pregnant | 329    | offered       |
      | 19  | male   | not pregnant | 330    | not indicated |
      | 19  | male   | not pregnant | 331    | not indicated |
      | 30  | male   | not pregnant | 329.9  | offered       |
      | 30  | male   | not pregnant | 330    | not indicated |
      | 31  | male   | not pregnant | 349    | offered       |
      | 32  | male   | not pregnant | 349    | offered       |
      | 49  | female | pregnant     | 299    | offered       |
      | 31  | male   | not pregnant | 350    | not indicated |
      | 31  | male   | not pregnant | 351    | not indicated |
      | 19  | female | not pregnant | 254    | offered       |
      | 19  | female | not pregnant | 255    | not indicated |
      | 19  | female | not pregnant | 256    | not indicated |
      | 30  | female | lactating    | 254    | offered       |
      | 30  | female | lactating    | 255    | not indicated |
      | 31  | female | lactating    | 264    | offered       |
      | 31  | female | lactating    | 265    | not indicated |
      | 31  | female | lactating    | 266    | not indicated |
      | 30  | female | pregnant     | 289    | offered       |
      | 30  | female | pregnant     | 290    | not indicated |
      | 30  | female | pregnant     | 291    | not indicated |
      | 31  | female | pregnant     | 299    | offered       |
      | 31  | female | pregnant     | 300    | not indicated |
      | 31  | female | pregnant     | 301    | not indicated |
      | 50  | female | pregnant     | 299    | offered       |
      | 51  | female | not pregnant | 264    | offered       |
      | 51  | female | not pregnant | 265    | not indicated |
      | 80  | male   | not pregnant | 349    | offered       |

  Scenario Outline: where the sex is not known it stays undecided between the requirements of women and men
    Given a healthy adult
    And the sex is not known
    And the dietary magnesium is "<intake> mg/d" by "diary"
    When the record is evaluated
    Then "low-dietary-magnesium" is <inform>

    Examples:
      | intake | inform                       |
      | 264    | offered                      |
      | 265    | withheld for want of "sex"   |
      | 349    | withheld for want of "sex"   |
      | 350    | not indicated                |

  Scenario Outline: for a sex recorded as other only an intake below every requirement is called so
    Given a healthy adult
    And the sex is "other"
    And the dietary magnesium is "<intake> mg/d" by "diary"
    When the record is evaluated
    Then "low-dietary-magnesium" is <inform>

    Examples:
      | intake | inform        |
      | 264    | offered       |
      | 265    | not indicated |

  Scenario Outline: a pregnancy not asked about matters only between the two requirements
    Given a healthy adult
    And the pregnancy is not known
    And the dietary magnesium is "<intake> mg/d" by "diary"
    When the record is evaluated
    Then "low-dietary-magnesium" is <inform>

    Examples:
      | intake | inform                           |
      | 264    | offered                          |
      | 265    | withheld for want of "pregnancy" |
      | 300    | not indicated                    |

  Scenario: an unknown intake is never a low one: it is asked for by another rule
    Given a healthy adult
    And the PHQ-9 is "12"
    When the record is evaluated
    Then "low-dietary-magnesium" is not indicated
    And "assess-dietary-intake" is offered

  Scenario Outline: an estimate is current for 180 days
    Given a healthy adult
    And the dietary magnesium is "200 mg/d" from <days> days ago
    When the record is evaluated
    Then "low-dietary-magnesium" is <inform>

    Examples:
      | days | inform        |
      | 180  | offered       |
      | 181  | not indicated |

  Scenario Outline: a critical magnesium comes first
    Given a healthy adult
    And the dietary magnesium is "200 mg/d" by "diary"
    And the serum magnesium is "<magnesium>"
    When the record is evaluated
    Then "low-dietary-magnesium" is <inform>

    Examples:
      | magnesium   | inform                                   |
      | 0.49 mmol/L | suppressed by "severe-hypomagnesaemia"   |
      | 0.50 mmol/L | offered                                  |
      | 1.23 mmol/L | offered                                  |
      | 1.24 mmol/L | suppressed by "severe-hypermagnesaemia"  |

  Scenario: the food screen is a lower bound, so it is never a low intake
    Given a healthy adult
    And the dietary magnesium is ">=100 mg/d" by "screen"
    When the record is evaluated
    Then "low-dietary-magnesium" is withheld for want of "dietary magnesium"

  Scenario Outline: where the number came from stands beside it
    Given a healthy adult
    And the dietary magnesium is "200 mg/d" by "<method>"
    When the record is evaluated
    Then "low-dietary-magnesium" is offered
    And the explanation of "low-dietary-magnesium" says "<said>"

    Examples:
      | method          | said                               |
      | screen          | 200 mg/d (screen, unvalidated)     |
      | MgFFQ           | 200 mg/d (MgFFQ, validated)        |
      | 24-hour recalls | 200 mg/d (24-hour recalls, reference) |
      | 24-hour recall  | 200 mg/d (24-hour recall, one day only, not validated) |

  Scenario: an estimate without its method says so
    Given a healthy adult
    And the dietary magnesium is "200 mg/d"
    When the record is evaluated
    Then the explanation of "low-dietary-magnesium" says "200 mg/d (method not stated)"

  Scenario: a method that is not known is reported
    Given a healthy adult
    And the dietary magnesium is "200 mg/d" by "horoscope"
    When the record is evaluated
    Then "low-dietary-magnesium" is offered
    And the explanation of "low-dietary-magnesium" says "200 mg/d (horoscope, not known to be validated)"
    And "says nothing here" is reported as a data problem of the dietary magnesium

  Scenario: food first, no claim about mood, and uncertain from 65 years
    Given a healthy adult
    And the age is "70"
    And the dietary magnesium is "200 mg/d" by "diary"
    When the record is evaluated
    Then "low-dietary-magnesium" is offered
    And the text of "low-dietary-magnesium" says "No benefit for mood is claimed"
    And the text of "low-dietary-magnesium" says "from 65 years a low intake went with less of it"
    And the text of "low-dietary-magnesium" says "no diagnosis of deficiency"
    And no suggestion of kind "consider" is offered

  Scenario Outline: nothing is said of children
    Given a healthy adult
    And the age is "17"
    And the sex is "<sex>"
    And the pregnancy is "<pregnancy>"
    And the dietary magnesium is "100 mg/d" by "diary"
    When the record is evaluated
    Then "low-dietary-magnesium" is not indicated

    Examples:
      | sex    | pregnancy    |
      | female | not pregnant |
      | female | pregnant     |
      | male   | not pregnant |

  Scenario Outline: a pregnancy beyond 50 has no requirement of its own
    Given a healthy adult
    And the age is "51"
    And the pregnancy is "pregnant"
    And the dietary magnesium is "<intake> mg/d" by "diary"
    When the record is evaluated
    Then "low-dietary-magnesium" is <inform>

    Examples:
      | intake | inform        |
      | 264    | offered       |
      | 280    | not indicated |

  Scenario Outline: at 18 or 19, below the requirement of both ages
    Given a healthy adult
    And the patient was born in "2007"
    And the sex is "<sex>"
    And the pregnancy is "<pregnancy>"
    And the dietary magnesium is "<intake> mg/d" by "diary"
    When the record is evaluated
    Then "low-dietary-magnesium" is <inform>

    Examples:
      | sex    | pregnancy    | intake | inform   |
      | female | not pregnant | 254    | offered  |
      | female | not pregnant | 255    | withheld |
      | male   | not pregnant | 329    | offered  |
      | male   | not pregnant | 330    | withheld |
      | female | pregnant     | 289    | offered  |
      | female | pregnant     | 290    | withheld |
