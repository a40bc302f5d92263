import SwiftUI

struct ItemDetailView: View {
    let item: Item
    @EnvironmentObject private var store: PantryStore
    @Environment(\.dismiss) private var dismiss
    @State private var asksToDelete = false
    @State private var showsNotes = true
    @State private var amount = 1
    @State private var notes = ""

    var body: some View {
        Form {
            Text(item.name)
                .font(.title)
                .accessibilityIdentifier("detail_name")
            Stepper("detail.amount", value: $amount, in: 0...99)
                .accessibilityIdentifier("detail_amount")
            Toggle(isOn: $showsNotes) {
                Text("detail.notes")
            }
            .accessibilityIdentifier("detail_shows_notes")
            if showsNotes {
                TextEditor(text: $notes)
                    .accessibilityIdentifier("detail_notes")
            }
            Button("common.delete", role: .destructive) {
                asksToDelete = true
            }
            .accessibilityIdentifier("detail_delete")
        }
        .navigationTitle("detail.title")
        .confirmationDialog("detail.delete.title", isPresented: $asksToDelete, titleVisibility: .visible) {
            Button("common.delete", role: .destructive) {
                store.remove(item)
            }
            Button("common.cancel", role: .cancel) {}
        }
        .toolbar {
            Button("detail.done") { dismiss() }
        }
    }
}
