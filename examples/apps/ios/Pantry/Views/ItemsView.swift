import SwiftUI

struct ItemsView: View {
    @EnvironmentObject private var store: PantryStore
    @State private var isAdding = false
    @State private var shelf = 0
    @State private var query = ""

    var body: some View {
        List {
            Picker("items.shelf", selection: $shelf) {
                Text("items.shelf.all").tag(0)
                Text("items.shelf.top").tag(1)
            }
            .pickerStyle(.segmented)
            .accessibilityIdentifier("items_shelf")
            ForEach(store.items) { item in
                NavigationLink(value: item) {
                    ItemRow(item: item)
                }
                .swipeActions {
                    Button(role: .destructive) {
                        store.remove(item)
                    } label: {
                        Label("common.delete", systemImage: "trash")
                    }
                }
            }
            if store.items.isEmpty {
                Text("items.empty")
            }
        }
        .searchable(text: $query, prompt: "items.search")
        .navigationTitle("items.title")
        .navigationDestination(for: Item.self) { item in
            ItemDetailView(item: item)
        }
        .toolbar {
            ToolbarItem(placement: .topBarTrailing) {
                Button {
                    isAdding = true
                } label: {
                    Image(systemName: "plus")
                }
                .accessibilityLabel("items.add")
                .accessibilityIdentifier("items_add")
            }
            ToolbarItem(placement: .topBarLeading) {
                sortMenu
            }
        }
        .sheet(isPresented: $isAdding) {
            AddItemView(isPresented: $isAdding)
        }
    }

    private var sortMenu: some View {
        Menu("items.sort") {
            Button("items.sort.name") { sort(by: "name") }
            Button("items.sort.amount") { sort(by: "amount") }
        }
        .accessibilityIdentifier("items_sort")
    }

    private func sort(by key: String) {
        store.items.sort { key == "name" ? $0.name < $1.name : $0.amount < $1.amount }
    }
}

struct ItemRow: View {
    let item: Item

    var body: some View {
        HStack {
            Text(item.name)
            Spacer()
            Text("\(item.amount)")
                .foregroundStyle(.secondary)
        }
    }
}
