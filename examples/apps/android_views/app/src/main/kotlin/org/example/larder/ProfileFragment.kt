package org.example.larder

import android.os.Bundle
import android.view.View
import androidx.fragment.app.Fragment
import org.example.larder.databinding.FragmentProfileBinding

class ProfileFragment : Fragment(R.layout.fragment_profile) {
    override fun onViewCreated(view: View, savedInstanceState: Bundle?) {
        val binding = FragmentProfileBinding.bind(view)
        binding.signedInAs.text = getString(R.string.signed_in_as, Account.email)
        binding.avatar.setOnClickListener { Account.pickPicture(this) }
        binding.remindersRow.setOnClickListener { binding.reminders.toggle() }
    }
}
