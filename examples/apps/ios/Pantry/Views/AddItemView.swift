import SwiftUI

struct AddItemView: View {
    @Binding var isPresented: Bool
    @EnvironmentObject private var store: PantryStore
    @State private var name = ""
    @State private var amount = ""
    @State private var freshness = 0.5
    @State private var bestBefore = Date()
    @State private var kind = "dry"

    var body: some View {
        NavigationStack {
            Form {
                TextField("add.name", text: $name)
                    .accessibilityIdentifier("add_name")
                    .onChange(of: name) { _, value in
                        name = String(value.prefix(30))
                    }
                TextField("add.amount", text: $amount)
                    .keyboardType(.numberPad)
                    .accessibilityIdentifier("add_amount")
                    .onChange(of: amount) { _, value in
                        amount = String(value.filter { $0.isNumber }.prefix(3))
                    }
                Picker("add.kind", selection: $kind) {
                    Text("add.kind.dry").tag("dry")
                    Text("add.kind.tinned").tag("tinned")
                    Text("add.kind.fresh").tag("fresh")
                }
                .accessibilityIdentifier("add_kind")
                Slider(value: $freshness)
                    .accessibilityIdentifier("add_freshness")
                DatePicker("add.best_before", selection: $bestBefore, displayedComponents: .date)
                Text("add.hint")
                    .onTapGesture { name = "Rice" }
            }
            .navigationTitle("add.title")
            .toolbar {
                ToolbarItem(placement: .cancellationAction) {
                    Button("common.cancel") { isPresented = false }
                        .accessibilityIdentifier("add_cancel")
                }
                ToolbarItem(placement: .confirmationAction) {
                    Button("common.save") {
                        store.add(name: name, amount: Int(amount) ?? 1)
                        isPresented = false
                    }
                    .accessibilityIdentifier("add_save")
                }
            }
        }
    }
}
