import SwiftUI

@main
struct PantryApp: App {
    @StateObject private var store = PantryStore()

    var body: some Scene {
        WindowGroup {
            RootView()
                .environmentObject(store)
        }
    }
}

/// Shows the sign-in page until somebody has signed in.
struct RootView: View {
    @State private var isSignedIn = false

    var body: some View {
        if isSignedIn {
            MainTabs(isSignedIn: $isSignedIn)
        } else {
            LoginView(isSignedIn: $isSignedIn)
        }
    }
}

struct MainTabs: View {
    @Binding var isSignedIn: Bool

    var body: some View {
        TabView {
            NavigationStack {
                ItemsView()
            }
            .tabItem {
                Label("tab.pantry", systemImage: "cabinet")
            }
            NavigationStack {
                SettingsView(isSignedIn: $isSignedIn)
            }
            .tabItem {
                Label("tab.settings", systemImage: "gearshape")
            }
        }
    }
}
