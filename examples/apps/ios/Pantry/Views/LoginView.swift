import SwiftUI

struct LoginView: View {
    @Binding var isSignedIn: Bool
    @State private var email = ""
    @State private var password = ""
    @State private var staysSignedIn = true
    @State private var showsHelp = false

    var body: some View {
        VStack(spacing: 20) {
            Image("Jar")
                .accessibilityHidden(true)
            Text("login.title")
                .font(.largeTitle)
                .accessibilityIdentifier("login_title")
            TextField("login.email", text: $email)
                .keyboardType(.emailAddress)
                .textContentType(.emailAddress)
                .accessibilityIdentifier("login_email")
            SecureField("login.password", text: $password)
                .accessibilityIdentifier("login_password")
            Toggle("login.stay", isOn: $staysSignedIn)
                .accessibilityIdentifier("login_stay")
            PrimaryButton(title: "login.submit") {
                isSignedIn = true
            }
            .accessibilityIdentifier("login_submit")
            Button("login.help") {
                showsHelp = true
            }
            Link("login.terms", destination: URL(string: "https://example.org/terms")!)
        }
        .padding()
        .alert("login.help.title", isPresented: $showsHelp) {
            Button("common.ok", role: .cancel) {}
        } message: {
            Text("login.help.message")
        }
    }
}

#Preview {
    LoginView(isSignedIn: .constant(false))
}
