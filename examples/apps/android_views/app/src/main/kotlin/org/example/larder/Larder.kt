package org.example.larder

import androidx.fragment.app.Fragment

data class ShoppingList(val id: Long, val name: String, val size: Int)

data class Item(val id: Long, val name: String, var done: Boolean = false)

class DetailModel(private val listId: Long) {
    val name get() = Larder.lists.first { it.id == listId }.name

    fun share() = Larder.share(listId)
}

object Account {
    var email = ""

    fun sendLink(to: String) = Unit

    fun pickPicture(from: Fragment) = Unit
}

object Larder {
    val lists = mutableListOf(ShoppingList(1, "Weekend", 4), ShoppingList(2, "Party", 9), ShoppingList(3, "Paint", 2))
    private val items = mutableListOf(Item(1, "Milk"), Item(2, "Bread"), Item(3, "Apples"))

    fun items(list: Long): List<Item> = items

    fun item(id: Long) = items.firstOrNull { it.id == id }

    fun newList() = lists.size + 1L

    fun save(name: String, amount: String, organic: Boolean) = Unit

    fun delete(list: ShoppingList) = lists.remove(list)

    fun delete(item: Item) = items.remove(item)

    fun share(list: Long) = Unit

    fun sortBy(order: Int) = Unit

    fun erase() = lists.clear()
}
