package org.example.larder

import android.content.Intent
import android.os.Bundle
import android.view.View
import androidx.fragment.app.Fragment
import androidx.navigation.fragment.findNavController
import androidx.navigation.fragment.navArgs
import org.example.larder.databinding.FragmentDetailBinding

class DetailFragment : Fragment(R.layout.fragment_detail) {
    private val arguments by navArgs<DetailFragmentArgs>()

    override fun onViewCreated(view: View, savedInstanceState: Bundle?) {
        with(FragmentDetailBinding.bind(view)) {
            model = DetailModel(arguments.listId)
            bar.setNavigationOnClickListener { findNavController().popBackStack() }
            items.adapter = ItemsAdapter(Larder.items(arguments.listId))
            addItem.setOnClickListener {
                val intent = Intent(requireContext(), ItemActivity::class.java)
                intent.putExtra("list", arguments.listId)
                startActivity(intent)
            }
        }
    }
}
