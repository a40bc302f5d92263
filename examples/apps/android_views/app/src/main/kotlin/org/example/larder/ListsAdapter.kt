package org.example.larder

import android.view.LayoutInflater
import android.view.ViewGroup
import androidx.recyclerview.widget.RecyclerView
import org.example.larder.databinding.RowListBinding

class ListsAdapter(
    private val lists: List<ShoppingList>,
    private val onOpen: (ShoppingList) -> Unit,
) : RecyclerView.Adapter<ListsAdapter.Holder>() {

    inner class Holder(private val binding: RowListBinding) : RecyclerView.ViewHolder(binding.root) {
        fun bind(list: ShoppingList) {
            binding.listName.text = list.name
            binding.listCount.text = itemView.resources.getQuantityString(R.plurals.things, list.size, list.size)
            binding.root.setOnClickListener { onOpen(list) }
            binding.listDelete.setOnClickListener { Larder.delete(list) }
        }
    }

    override fun onCreateViewHolder(parent: ViewGroup, viewType: Int) =
        Holder(RowListBinding.inflate(LayoutInflater.from(parent.context), parent, false))

    override fun onBindViewHolder(holder: Holder, position: Int) = holder.bind(lists[position])

    override fun getItemCount() = lists.size
}
