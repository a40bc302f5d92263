plugins {
    id("com.android.application") version "8.7.3"
    id("org.jetbrains.kotlin.android") version "2.1.0"
    id("androidx.navigation.safeargs.kotlin") version "2.8.5"
}

android {
    namespace = "org.example.larder"
    compileSdk = 35

    defaultConfig {
        applicationId = "org.example.larder"
        minSdk = 24
        targetSdk = 35
        versionCode = 7
        versionName = "1.3"
    }

    buildFeatures {
        viewBinding = true
    }
}

dependencies {
    implementation("androidx.appcompat:appcompat:1.7.0")
    implementation("androidx.navigation:navigation-fragment-ktx:2.8.5")
    implementation("androidx.navigation:navigation-ui-ktx:2.8.5")
    implementation("androidx.preference:preference-ktx:1.2.1")
    implementation("com.google.android.material:material:1.12.0")
}
