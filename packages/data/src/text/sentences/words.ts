/**
 * The words that sentences are made of, by the slot they fill. All written for Callsign: everyday talk at home, at work
 * and on the way, with all the sounds of English among them.
 */
export const SENTENCE_WORDS = {
  name: list(
    "Anna Ben Carla David Ellen Frank Grace Harold Ivy Jack Karen Leo Maria Noah Olive Peter Quinn Ruth Simon Tess",
    "Ursula Victor Wendy Xavier Yvonne Zach Amir Bianca Chen Dinesh Esther Fatima George Hannah Igor Julia Kofi Lena",
    "Miguel Nadia Oscar Priya Rosa Samuel Tom Uma Vera Walter Yuki Zoe Martha Philip Joyce Keith Audrey Bruce",
  ),
  person: list(
    "my-sister my-brother my-uncle the-neighbour the-plumber our-teacher the-doctor the-new-driver my-cousin",
    "the-landlord her-boss his-daughter the-baker a-friend-of-mine the-woman-next-door the-man-at-the-desk",
    "the-children both-of-them the-twins my-grandmother the-choir our-coach the-nurse somebody everyone nobody",
    "the-postman the-chef your-aunt that-journalist the-librarian the-judge the-whole-team the-guests the-gardener",
  ),
  thing: list(
    "ladder bucket kettle pillow jacket wallet bicycle drawer curtain candle hammer notebook umbrella suitcase",
    "basket blanket guitar saddle trumpet envelope calendar magazine newspaper photograph package parcel sofa",
    "cupboard carpet mirror razor toothbrush towel zipper button needle scissors bottle barrel engine wheel tyre",
    "battery charger cable headphone printer folder stapler scarf glove helmet boot sandal ribbon jewel statue vase",
    "violin drum whistle puzzle treasure shovel lantern anchor compass feather shell pebble brush easel thermometer",
  ),
  food: list(
    "soup bread cheese apple pear cherry garlic onion pepper rice noodle chicken salmon mushroom pancake yoghurt",
    "butter honey ginger lemon orange juice coffee cocoa pudding biscuit sausage carrot cabbage lettuce cucumber",
    "peanut walnut cinnamon vanilla pumpkin zucchini porridge sandwich omelette lasagne curry stew salad peach",
    "blueberry raspberry spinach broccoli mustard vinegar syrup jelly dumpling pretzel olive turnip radish grape",
  ),
  place: list(
    "garden station harbour museum kitchen library market village valley bridge office airport theatre castle",
    "church meadow forest beach island factory hospital bakery cinema stadium playground mountain river tunnel",
    "warehouse attic cellar balcony corridor garage hallway school courtyard square park pharmacy laundry workshop",
    "hotel embassy chapel lighthouse vineyard farmhouse orchard quarry reservoir zoo campsite gallery",
  ),
  city: list(
    "Berlin Chicago Dublin Edinburgh Geneva Houston Istanbul Jakarta Kyoto Lisbon Madrid Nairobi Oslo Paris Quito",
    "Rome Sydney Tokyo Vienna Warsaw Zurich Boston Denver Bristol Leeds Athens Havana Mumbai Calgary Auckland",
  ),
  animal: list(
    "dog cat horse rabbit pigeon squirrel hedgehog goat donkey turtle parrot goose owl fox badger whale dolphin zebra",
    "giraffe monkey tiger otter beaver spider beetle butterfly hamster sheep cow rooster swan seal vulture moth",
  ),
  adjective: list(
    "old quiet heavy bright narrow gentle broken yellow purple crooked shiny empty frozen thick thin rusty smooth",
    "cheerful nervous clever lazy strange familiar ordinary peculiar enormous tiny ancient modern expensive cheap",
    "wooden plastic woollen golden silver dusty muddy foggy windy sticky spicy bitter sour sweet salty crunchy soft",
    "loose tight hollow fragile sturdy patient curious polite stubborn generous jealous thoughtful awkward brave",
  ),
  pastVerb: list(
    "bought sold carried lost found painted repaired borrowed washed dropped hid wrapped measured moved opened",
    "cleaned folded photographed described noticed forgot remembered broke polished threw-away brought-back looked-for",
    "asked-about put-down picked-up paid-for sent-back drew weighed packed unpacked admired chose returned stole kept",
  ),
  cook: list(
    "boil fry peel chop slice stir mash grate roast bake chill season taste rinse simmer burn freeze serve share",
  ),
  move: list(
    "walked drove cycled hurried ran strolled wandered rode marched flew sailed climbed rushed jogged travelled",
    "crawled skated hiked drifted swam",
  ),
  time: list(
    "yesterday this-morning last-night on-Monday on-Tuesday on-Wednesday on-Thursday on-Friday over-the-weekend",
    "in-the-summer last-winter in-September before-breakfast after-lunch around-noon at-midnight a-week-ago",
    "two-years-ago the-other-day just-now once-again every-evening at-half-past-six at-a-quarter-to-nine in-July",
    "during-the-holidays before-sunrise in-the-afternoon after-the-meeting while-you-were-out",
  ),
  future: list(
    "tomorrow next-week on-Saturday on-Sunday in-an-hour after-school next-spring in-a-few-minutes before-dinner",
    "at-the-end-of-the-month in-October when-it-stops-raining by-Friday some-day very-soon as-soon-as-possible",
  ),
  adverb: list(
    "slowly quickly quietly carefully suddenly probably certainly usually hardly finally gladly rarely politely",
    "loudly eagerly calmly honestly apparently accidentally obviously gracefully nearly simply almost-never",
  ),
  topic: list(
    "the-weather the-budget the-election the-football-match her-new-job the-price-of-petrol his-knee-operation",
    "the-wedding that-television-series the-traffic the-recipe a-book-about-whales the-exhibition the-power-cut",
    "their-mortgage the-timetable our-holiday the-concert a-documentary-on-volcanoes the-chess-tournament",
    "the-vegetable-patch old-jazz-records the-school-play the-roof the-train-strike the-quarterly-figures",
  ),
  feeling: list(
    "tired hungry delighted worried bored excited disappointed relieved confused proud sleepy furious thirsty calm",
    "homesick embarrassed grateful surprised suspicious comfortable dizzy lonely",
  ),
  number: list(
    "two three four five six seven eight nine ten eleven twelve thirteen fifteen eighteen twenty thirty forty fifty",
    "sixty seventy eighty ninety a-hundred a-dozen several hundreds-of a-couple-of too-many",
  ),
  activity: list(
    "playing-chess reading-the-paper washing-the-dishes fixing-the-fence learning-Spanish watching-the-news",
    "practising-the-piano digging-a-hole counting-sheep baking-a-cake feeding-the-ducks writing-a-letter",
    "painting-the-ceiling waiting-for-the-bus looking-for-the-keys mowing-the-lawn folding-shirts paying-the-bills",
    "arguing-with-the-bank choosing-a-colour knitting-a-jumper planning-the-trip sorting-old-photographs",
    "changing-a-light-bulb walking-the-dog queueing-for-tickets tuning-the-guitar polishing-shoes",
  ),
  weather: list("rain snow fog sunshine thunder hail wind frost drizzle ice humidity lightning"),
  question: list("why when how where whether"),
} satisfies Readonly<Record<string, readonly string[]>>;

function list(...lines: readonly string[]): readonly string[] {
  return lines
    .join(" ")
    .split(" ")
    .map((entry) => entry.replaceAll("-", " "));
}
