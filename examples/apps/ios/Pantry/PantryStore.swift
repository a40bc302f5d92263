import Foundation

struct Item: Identifiable, Hashable {
    let id: Int
    var name: String
    var shelf: String
    var amount: Int
}

final class PantryStore: ObservableObject {
    @Published var items: [Item] = [
        Item(id: 1, name: "Buckwheat", shelf: "Top", amount: 2),
        Item(id: 2, name: "Olive oil", shelf: "Middle", amount: 1),
        Item(id: 3, name: "Rye flour", shelf: "Bottom", amount: 3),
    ]

    func remove(_ item: Item) {
        items.removeAll { $0.id == item.id }
    }

    func add(name: String, amount: Int) {
        items.append(Item(id: items.count + 1, name: name, shelf: "Top", amount: amount))
    }
}
