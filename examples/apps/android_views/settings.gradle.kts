rootProject.name = "Larder"
include(":app")
