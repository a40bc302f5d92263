package org.example.larder

import android.os.Bundle
import androidx.appcompat.app.AppCompatActivity
import androidx.preference.Preference
import androidx.preference.PreferenceFragmentCompat
import com.google.android.material.dialog.MaterialAlertDialogBuilder

class SettingsActivity : AppCompatActivity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_settings)
        supportFragmentManager.beginTransaction().replace(R.id.settings_holder, SettingsFragment()).commit()
    }
}

class SettingsFragment : PreferenceFragmentCompat() {
    override fun onCreatePreferences(savedInstanceState: Bundle?, rootKey: String?) {
        setPreferencesFromResource(R.xml.preferences, rootKey)
        findPreference<Preference>("erase")?.setOnPreferenceClickListener {
            askBeforeErasing()
            true
        }
    }

    private fun askBeforeErasing() {
        MaterialAlertDialogBuilder(requireContext())
            .setTitle(R.string.erase_question)
            .setPositiveButton(R.string.erase_yes) { _, _ -> Larder.erase() }
            .setNegativeButton(android.R.string.cancel, null)
            .show()
    }
}
