import SwiftUI

struct SettingsView: View {
    @Binding var isSignedIn: Bool
    @State private var reminds = true
    @State private var nickname = ""
    @State private var volume = 0.3

    var body: some View {
        Form {
            Section("settings.profile") {
                LabelledField(title: "settings.nickname", prompt: "settings.nickname.prompt", text: $nickname)
            }
            Section("settings.notifications") {
                Toggle("settings.remind", isOn: $reminds)
                    .accessibilityIdentifier("settings_remind")
                if reminds {
                    Slider(value: $volume)
                        .accessibilityIdentifier("settings_volume")
                }
            }
            NavigationLink("settings.feedback") {
                FeedbackScreen()
                    .navigationTitle("feedback.title")
            }
            .accessibilityIdentifier("settings_feedback")
            HStack {
                Image(systemName: "leaf")
                Text("settings.about")
            }
            .card()
            #if os(macOS)
            Button("Open in Finder") {}
            #endif
            Button("settings.sign_out", role: .destructive) {
                isSignedIn = false
            }
            .accessibilityIdentifier("settings_sign_out")
        }
        .navigationTitle("settings.title")
    }
}

/// The feedback page is older than SwiftUI.
struct FeedbackScreen: UIViewControllerRepresentable {
    func makeUIViewController(context: Context) -> UIViewController {
        let storyboard = UIStoryboard(name: "Feedback", bundle: nil)
        return storyboard.instantiateViewController(withIdentifier: "feedback")
    }

    func updateUIViewController(_ controller: UIViewController, context: Context) {}
}
