"""What NLM and its partners add to a citation: notes, space flight missions, objects such as clinical trials."""

from warehouse.schema.declaration import NO_ATTRIBUTE, TEXT, below, column, either, of_citation, optional, order

SPACE_FLIGHT_MISSION = of_citation(
    "space_flight_mission",
    "A space flight mission the data are from.",
    ("mission_order",),
    order("mission_order", "the mission", counts="MedlineCitation/SpaceFlightMission"),
    column("space_flight_mission", TEXT, "Verbatim.", source="MedlineCitation/SpaceFlightMission", default=""),
    rows="MedlineCitation/SpaceFlightMission",
)

GENERAL_NOTE = of_citation(
    "general_note",
    "A note on the citation.",
    ("note_order",),
    order("note_order", "the note", counts="MedlineCitation/GeneralNote"),
    optional("note_owner", TEXT, "Who wrote it.", source="MedlineCitation/GeneralNote/@Owner", null=NO_ATTRIBUTE),
    column("general_note", TEXT, "Verbatim.", source="MedlineCitation/GeneralNote", default=""),
    rows="MedlineCitation/GeneralNote",
)

OBJECTS = either("PubmedData/ObjectList/Object", "PubmedBookData/ObjectList/Object")
PARAMETERS = below(OBJECTS, "Param")

OBJECT = of_citation(
    "object",
    "An object that goes with the article: a grant, a clinical trial, a keyword of a partner ...",
    ("object_order", "param_order"),
    order("object_order", "the object", counts=OBJECTS),
    order(
        "param_order",
        "the parameter; an object without any is one row",
        counts=PARAMETERS,
        within=OBJECTS,
        default=1,
    ),
    optional("object_type", TEXT, "Kind of object.", source=below(OBJECTS, "@Type"), null=NO_ATTRIBUTE),
    optional(
        "param_name",
        TEXT,
        "Name of the parameter.",
        source=below(PARAMETERS, "@Name"),
        null="The object has no parameter.",
    ),
    optional(
        "param",
        TEXT,
        "Value of the parameter.",
        source=PARAMETERS,
        null="The object has no parameter, or an empty one.",
    ),
    rows=OBJECTS,
    extended_by=PARAMETERS,
)
