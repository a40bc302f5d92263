package org.example.larder.widget

import android.content.Context
import android.util.AttributeSet
import com.google.android.material.button.MaterialButton

class PillButton @JvmOverloads constructor(
    context: Context,
    attributes: AttributeSet? = null,
) : MaterialButton(context, attributes) {
    init {
        cornerRadius = resources.displayMetrics.density.toInt() * 28
    }
}
