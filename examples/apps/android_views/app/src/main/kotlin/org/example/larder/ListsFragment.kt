package org.example.larder

import android.content.Intent
import android.os.Bundle
import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import androidx.core.view.isVisible
import androidx.fragment.app.Fragment
import androidx.navigation.fragment.findNavController
import com.google.android.material.dialog.MaterialAlertDialogBuilder
import org.example.larder.databinding.FragmentListsBinding

class ListsFragment : Fragment() {
    override fun onCreateView(inflater: LayoutInflater, container: ViewGroup?, state: Bundle?): View {
        val binding = FragmentListsBinding.inflate(inflater, container, false)
        binding.lists.adapter = ListsAdapter(Larder.lists) { list ->
            findNavController().navigate(ListsFragmentDirections.actionListsToDetail(list.id))
        }
        binding.empty.isVisible = Larder.lists.isEmpty()
        binding.addList.setOnClickListener { addList() }
        binding.toolbar.setOnMenuItemClickListener { item ->
            when (item.itemId) {
                R.id.sort -> chooseOrder()
                R.id.settings -> startActivity(Intent(requireContext(), SettingsActivity::class.java))
                R.id.sign_out -> requireActivity().finish()
            }
            true
        }
        return binding.root
    }

    private fun addList() {
        startActivity(Intent(requireContext(), ItemActivity::class.java).putExtra("list", Larder.newList()))
    }

    private fun chooseOrder() {
        MaterialAlertDialogBuilder(requireContext())
            .setTitle(R.string.sort)
            .setItems(R.array.sort_orders) { _, order -> Larder.sortBy(order) }
            .show()
    }
}
