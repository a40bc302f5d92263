import SwiftUI

/// The wide button at the end of a form.
struct PrimaryButton: View {
    let title: LocalizedStringKey
    let action: () -> Void

    var body: some View {
        Button(action: action) {
            Text(title)
                .frame(maxWidth: .infinity)
        }
        .buttonStyle(.borderedProminent)
        .controlSize(.large)
    }
}

/// A field with its name above it.
struct LabelledField: View {
    let title: LocalizedStringKey
    let prompt: LocalizedStringKey
    @Binding var text: String
    var keyboard: UIKeyboardType = .default

    var body: some View {
        VStack(alignment: .leading) {
            Text(title)
                .font(.caption)
            TextField(prompt, text: $text)
                .keyboardType(keyboard)
                .textFieldStyle(.roundedBorder)
        }
    }
}

extension View {
    func card() -> some View {
        padding()
            .background(RoundedRectangle(cornerRadius: 12).fill(.thinMaterial))
    }
}
