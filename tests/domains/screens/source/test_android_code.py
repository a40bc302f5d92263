"""What Kotlin and Java say of Android screens: whose layout, what a tap does, where it leads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from samouk.domains.screens.source.android.reader import READER
from samouk.domains.screens.source.reading import Unparsable, read
from samouk.domains.screens.source.widgets import BACK, Sight, SourceScreen, Widget

MAIN = "app/src/main"
NAMES = 'xmlns:android="http://schemas.android.com/apk/res/android" xmlns:app="http://schemas.android.com/apk/res-auto"'


def seen(root: Path, files: Mapping[str, str]) -> Sight:
    """The sight of an app of these files: layouts by name, other files by path below the source set."""
    for path, content in files.items():
        at = root / MAIN / (path if "/" in path or "." in path else f"res/layout/{path}.xml")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(content, encoding="utf-8")
    return read("android", root, workers=1)


def column(*ids: str, tag: str = "TextView") -> str:
    inside = (f'<{tag} android:id="@+id/{one}"/>' if one[:1] != "<" else one for one in ids)
    return f"<LinearLayout {NAMES}>\n" + "\n".join(inside) + "\n</LinearLayout>"


def screen(sight: Sight, name: str) -> SourceScreen:
    (found,) = [one for one in sight.screens if one.name == name]
    return found


def by_id(shown: SourceScreen, identifier: str) -> Widget:
    (found,) = [one for one in shown.widgets if one.identifier == identifier]
    return found


def names(sight: Sight) -> list[str]:
    return [one.name for one in sight.screens]


def acted_on(shown: SourceScreen) -> list[str]:
    return [one.identifier for one in shown.widgets if one.interactive]


OTHER = "class OtherActivity : AppCompatActivity() { fun f() { setContentView(R.layout.other) } }\n"

KOTLIN = [
    "binding.goNow.setOnClickListener { X }",
    "binding.goNow.setOnClickListener(View.OnClickListener { X })",
    "binding.goNow.setOnClickListener(::handle)",
    "binding.goNow.setOnClickListener { handle(it) }",
    "binding.goNow.setOnClickListener { this.handle(it) }",
    "binding.goNow.setOnClickListener { first() }",
    "binding.goNow.apply { text = label\n setOnClickListener { X } }",
    "binding.apply { goNow.setOnClickListener { X } }",
    "with(binding) { goNow.setOnClickListener { X } }",
    "with(binding.goNow) { setOnClickListener { X } }",
    "binding.goNow.also { it.setOnClickListener { X } }",
    "binding.goNow\n            .setOnClickListener { X }",
    "findViewById<Button>(R.id.go_now).setOnClickListener { X }",
    "findViewById<View>(R.id.go_now)?.setOnClickListener { X }",
    "val b = findViewById<Button>(R.id.go_now)\n b.setOnClickListener { X }",
    "val b: Button = requireView().findViewById(R.id.go_now)\n b.setOnClickListener { X }",
    "go_now.setOnClickListener { X }",
    "binding.goNow.setSafeOnClickListener { X }",
    'binding.goNow.setOnClickListener { log("a { b }"); X }',
    "binding.goNow.setOnClickListener {\n // X is commented: finish()\n X }",
    "binding.goNow.setOnClickListener { binding.root.post { X } }",
    "binding.goNow.setOnLongClickListener { X\n true }",
]


@pytest.mark.parametrize("statement", KOTLIN)
@pytest.mark.parametrize("call", ["startActivity(Intent(this, OtherActivity::class.java))"])
def test_a_listener_set_in_kotlin_makes_its_view_interactive_and_leads_where_it_says(
    tmp_path: Path, statement: str, call: str
) -> None:
    code = f"""class HomeActivity : BaseActivity() {{
    private val binding by lazy {{ HomeBinding.inflate(layoutInflater) }}
    override fun onCreate(state: Bundle?) {{
        super.onCreate(state)
        setContentView(binding.root)
        {statement.replace("X", call)}
    }}
    private fun handle(view: View) = {call}
    private fun first() {{ second() }}
    private fun second() {{
        handle(binding.root)
    }}
}}
abstract class BaseActivity : AppCompatActivity()
"""
    sight = seen(
        tmp_path, {"home": column("go_now", "other_text"), "other": column("<Button/>"), "kt/A.kt": code + OTHER}
    )
    home = screen(sight, "HomeActivity")
    assert acted_on(home) == ["go_now"]
    if "Long" not in statement:
        assert by_id(home, "go_now").leads_to == "OtherActivity"


JAVA = [
    "binding.goNow.setOnClickListener(v -> X);",
    "binding.goNow.setOnClickListener(v -> { X; });",
    "binding.goNow.setOnClickListener(this::handle);",
    "findViewById(R.id.go_now).setOnClickListener(view -> handle(view));",
    "Button b = findViewById(R.id.go_now); b.setOnClickListener(v -> X);",
    "Button b = (Button) findViewById(R.id.go_now);\n b.setOnClickListener(new View.OnClickListener() {\n"
    "            @Override public void onClick(View v) { X; }\n        });",
    "((Button) findViewById(R.id.go_now)).setOnClickListener(v -> X);",
    "go.setOnClickListener(v -> X);",
    "go.setOnClickListener(this);",
]


@pytest.mark.parametrize("statement", JAVA)
def test_a_listener_set_in_java_makes_its_view_interactive_and_leads_where_it_says(
    tmp_path: Path, statement: str
) -> None:
    call = "startActivity(new Intent(HomeActivity.this, OtherActivity.class))"
    code = f"""package org.example;
public class HomeActivity extends AppCompatActivity implements
        View.OnClickListener {{
    private Button go;
    @Override
    protected void onCreate(Bundle state) {{
        super.onCreate(state);
        setContentView(R.layout.home);
        go = findViewById(R.id.go_now);
        {statement.replace("X", call)}
    }}
    private void handle(View view) {{ {call}; }}
    @Override
    public void onClick(View view) {{
        switch (view.getId()) {{
            case R.id.go_now:
                {call};
                break;
            default:
                break;
        }}
    }}
}}
"""
    sight = seen(
        tmp_path,
        {
            "home": column("go_now", "other_text"),
            "other": column("<Button/>"),
            "j/HomeActivity.java": code,
            "j/O.kt": OTHER,
        },
    )
    assert acted_on(screen(sight, "HomeActivity")) == ["go_now"]
    assert by_id(screen(sight, "HomeActivity"), "go_now").leads_to == "OtherActivity"


@pytest.mark.parametrize(
    ("body", "goal"),
    [
        ("finish()", BACK),
        ("onBackPressedDispatcher.onBackPressed()", BACK),
        ("startActivity(Intent(this, OtherActivity::class.java))\n finish()", "OtherActivity"),
        ("OtherActivity.start(this)", "OtherActivity"),
        ("startActivity<OtherActivity>()", "OtherActivity"),
        ("Intent(this, OtherActivity::class.java).also { startActivity(it) }", "OtherActivity"),
        ("startActivity(Intent(requireContext(), OtherActivity::class.java).putExtra(KEY, 1))", "OtherActivity"),
        ("if (ok) startActivity(Intent(this, OtherActivity::class.java))", ""),
        ("if (ok())\n startActivity(Intent(this, OtherActivity::class.java))", ""),
        ("if (ok()) log()\n else\n startActivity(Intent(this, OtherActivity::class.java))", ""),
        ("log(ok())\n startActivity(Intent(this, OtherActivity::class.java))", "OtherActivity"),
        ("try {\n startActivity(Intent(this, OtherActivity::class.java))\n } catch (e: E) { log(e) }", "OtherActivity"),
        ("if (ok()) {\n startActivity(Intent(this, OtherActivity::class.java))\n }", ""),
        ("if (bad) return@setOnClickListener\n OtherActivity.start(this)", ""),
        ("when (n) { 1 -> OtherActivity.start(this) }", ""),
        ("MissingActivity.start(this)\n finish()", ""),
        ("save()", ""),
        ("AskDialog(this).show()", "AskDialog"),
        ("AskDialog().show(supportFragmentManager, TAG)", "AskDialog"),
        ("confirm()", "HomeActivity.confirm"),
        ("Sheet.newInstance(3).show(supportFragmentManager, null)", "Sheet"),
    ],
)
def test_a_tap_leads_where_its_code_goes_for_sure(tmp_path: Path, body: str, goal: str) -> None:
    code = f"""class HomeActivity : AppCompatActivity(R.layout.home) {{
    override fun onCreate(state: Bundle?) {{
        findViewById<View>(R.id.go).setOnClickListener {{
            {body}
        }}
    }}
    private fun confirm() {{
        AlertDialog.Builder(this).setMessage("Sure?").setPositiveButton("Yes") {{ _, _ -> erase() }}.show()
    }}
    private fun save() {{ store() }}
}}
class AskDialog(context: Context) : Dialog(context) {{ init {{ setContentView(R.layout.ask) }} }}
class Sheet : BottomSheetDialogFragment(R.layout.sheet)
"""
    layouts = {
        "home": column("go"),
        "other": column("<Button/>"),
        "ask": column("<Button/>"),
        "sheet": column("<Button/>"),
    }
    sight = seen(tmp_path, {**layouts, "kt/A.kt": code + OTHER})
    assert by_id(screen(sight, "HomeActivity"), "go").leads_to == goal
    assert {one.name for one in sight.screens if one.dialog} == {"AskDialog", "Sheet", "HomeActivity.confirm"}


GRAPH = f"""<navigation {NAMES} android:id="@+id/graph" app:startDestination="@id/home">
    <fragment android:id="@+id/home" android:name="a.HomeFragment" android:label="@string/home">
        <action android:id="@+id/action_home_to_detail" app:destination="@id/detail"/>
        <action android:id="@+id/leave" app:popUpTo="@id/home"/>
    </fragment>
    <fragment android:id="@+id/detail" android:name="a.DetailFragment" android:label="Detail"/>
    <navigation android:id="@+id/inner" app:startDestination="@id/deep">
        <fragment android:id="@+id/deep" android:name="a.DeepFragment"/>
    </navigation>
    <dialog android:id="@+id/ask" android:name="a.AskDialog"/>
</navigation>"""


@pytest.mark.parametrize(
    ("call", "goal"),
    [
        ("navigate(R.id.action_home_to_detail)", "DetailFragment"),
        ("navigate(R.id.detail, bundleOf(KEY to 1))", "DetailFragment"),
        ("navigate(HomeFragmentDirections.actionHomeToDetail(id))", "DetailFragment"),
        ("navigate(R.id.inner)", "DeepFragment"),
        ("navigate(R.id.ask)", "AskDialog"),
        ("navigate(R.id.leave)", BACK),
        ("popBackStack()", BACK),
        ("navigateUp()", BACK),
    ],
)
def test_navigation_graphs_say_where_a_tap_leads(tmp_path: Path, call: str, goal: str) -> None:
    code = f"""class MainActivity : AppCompatActivity(R.layout.main) {{
    override fun onCreate(b: Bundle?) {{ setupActionBarWithNavController(findNavController(R.id.host)) }}
}}
class HomeFragment : Fragment(R.layout.home) {{
    override fun onViewCreated(view: View, state: Bundle?) {{
        val binding = HomeBinding.bind(view)
        binding.go.setOnClickListener {{ findNavController().{call} }}
    }}
}}
class DetailFragment : Fragment(R.layout.detail)
class DeepFragment : Fragment(R.layout.deep)
class AskDialog : DialogFragment(R.layout.ask)
"""
    host = '<androidx.fragment.app.FragmentContainerView android:id="@+id/host" app:navGraph="@navigation/graph"/>'
    sight = seen(
        tmp_path,
        {
            "main": column(host, '<Button android:id="@+id/chrome"/>'),
            "home": column("go"),
            **{name: column("<Button/>") for name in ("detail", "deep", "ask")},
            "res/navigation/graph.xml": GRAPH,
            "res/values/s.xml": "<resources><string name='home'>Home</string></resources>",
            "kt/A.kt": code,
        },
    )
    home = screen(sight, "HomeFragment")
    assert acted_on(home) == ["go", "chrome"]
    assert by_id(home, "go").leads_to == goal
    assert (home.route, home.title.value, screen(sight, "DetailFragment").title.value) == ("home", "Home", "Detail")
    assert sorted(names(sight)) == ["AskDialog", "DeepFragment", "DetailFragment", "HomeFragment"]


def test_rows_of_an_adapter_are_repeated_in_the_list_that_shows_them(tmp_path: Path) -> None:
    code = """class HomeFragment : Fragment() {
    private val adapter = PeopleAdapter { person -> startActivity(Intent(context, OtherActivity::class.java)) }
    override fun onCreateView(i: LayoutInflater, c: ViewGroup?, s: Bundle?) = HomeBinding.inflate(i, c, false).apply {
        people.adapter = adapter
        pets.apply { layoutManager = LinearLayoutManager(context); adapter = PetsAdapter() }
    }.root
}
class PeopleAdapter(private val onOpen: (Person) -> Unit) : ListAdapter<Person, PeopleAdapter.Holder>(DIFF) {
    class Holder(val binding: PersonBinding) : RecyclerView.ViewHolder(binding.root)
    override fun onCreateViewHolder(parent: ViewGroup, type: Int) =
        Holder(PersonBinding.inflate(LayoutInflater.from(parent.context), parent, false))
    override fun onBindViewHolder(holder: Holder, position: Int) {
        holder.itemView.setOnClickListener { onOpen(getItem(position)) }
        holder.binding.star.setOnClickListener { star() }
        holder.binding.fullName.text = getItem(position).name
    }
}
class PetsAdapter : RecyclerView.Adapter<PetHolder>() {
    override fun onCreateViewHolder(parent: ViewGroup, type: Int) = PetHolder.create(parent)
}
class PetHolder(view: View) : RecyclerView.ViewHolder(view) {
    init { view.findViewById<View>(R.id.feed).setOnClickListener { feed() } }
    companion object {
        fun create(p: ViewGroup) = PetHolder(LayoutInflater.from(p.context).inflate(R.layout.pet, p, false))
    }
}
"""
    many = "androidx.recyclerview.widget.RecyclerView"
    sight = seen(
        tmp_path,
        {
            "home": column("people", "pets", tag=many),
            "person": column("full_name", "star"),
            "pet": column("feed"),
            "other": column("<Button/>"),
            "kt/A.kt": code + OTHER,
        },
    )
    home = screen(sight, "HomeFragment")
    row, star, feed = [one for one in home.widgets if one.interactive]
    assert (row.leads_to, star.identifier, feed.identifier) == ("OtherActivity", "star", "feed")
    assert all(one.repeated for one in (row, star, feed))
    assert home.widgets[row.parent].identifier == "people"
    assert home.widgets[home.widgets[feed.parent].parent].identifier == "pets"
    assert by_id(home, "full_name").text.dynamic
    assert sorted(names(sight)) == ["HomeFragment", "OtherActivity"]


def test_rows_whose_clicks_the_class_above_takes_are_interactive(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity(R.layout.home) {
    fun fill() { findViewById<RecyclerView>(R.id.rows).adapter = RowAdapter(this) { open(it) } }
}
class RowAdapter(a: Activity, itemClick: (Any) -> Unit) : LibraryAdapter(a, itemClick) {
    override fun onCreateViewHolder(p: ViewGroup, t: Int) = holder(RowBinding.inflate(inflater, p, false).root)
}
"""
    files = {
        "home": column("rows", tag="androidx.recyclerview.widget.RecyclerView"),
        "row": column("words"),
        "kt/A.kt": code,
    }
    home = screen(seen(tmp_path, files), "HomeActivity")
    assert [(one.name, one.repeated) for one in home.widgets if one.interactive] == [("LinearLayout", True)]


def test_a_list_view_takes_its_rows_from_an_array_adapter(tmp_path: Path) -> None:
    code = """public class HomeActivity extends Activity {
    protected void onCreate(Bundle b) {
        setContentView(R.layout.home);
        ListView rows = findViewById(R.id.rows);
        rows.setAdapter(new ArrayAdapter<>(this, R.layout.row, R.id.words, all()));
        rows.setOnItemClickListener((parent, view, at, id) -> startActivity(new Intent(this, OtherActivity.class)));
    }
}
"""
    files = {"home": column("rows", tag="ListView"), "row": column("words"), "other": column("<Button/>")}
    sight = seen(tmp_path, {**files, "j/HomeActivity.java": code, "j/O.kt": OTHER})
    (row,) = [one for one in screen(sight, "HomeActivity").widgets if one.interactive]
    assert (row.repeated, row.leads_to) == (True, "OtherActivity")


def test_pages_of_a_pager_belong_to_the_screen_that_turns_them(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity(R.layout.home) {
    fun fill() { binding.pager.adapter = Pages(this) }
}
class Pages(a: FragmentActivity) : FragmentStateAdapter(a) {
    override fun createFragment(at: Int) = if (at == 0) NewsFragment() else OldFragment.newInstance(at)
}
class NewsFragment : Fragment(R.layout.news)
class OldFragment : Fragment(R.layout.old)
"""
    files = {"home": column("pager", tag="androidx.viewpager2.widget.ViewPager2"), "kt/A.kt": code}
    sight = seen(tmp_path, {**files, "news": column("a", tag="Button"), "old": column("b", tag="Button")})
    assert names(sight) == ["HomeActivity"]
    assert [(one.identifier, one.conditional) for one in sight.screens[0].widgets if one.interactive] == [
        ("a", True),
        ("b", True),
    ]


def test_a_fragment_that_is_put_in_at_once_is_one_screen_with_its_activity(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity() {
    override fun onCreate(b: Bundle?) {
        setContentView(R.layout.home)
    }
    override fun onResume() { begin() }
    private fun begin() {
        if (new) supportFragmentManager.beginTransaction().add(R.id.box, NewsFragment.newInstance()).commit()
    }
}
class NewsFragment : Fragment(R.layout.news) {
    fun go() { binding.a.setOnClickListener { parentFragmentManager.commit { replace(R.id.box, OldFragment()) } } }
}
class OldFragment : Fragment(R.layout.old) {
    fun go() { binding.b.setOnClickListener { startActivity(Intent(context, HomeActivity::class.java)) } }
}
"""
    files = {"home": column("box", tag="FrameLayout"), "news": column("a"), "old": column("b"), "kt/A.kt": code}
    sight = seen(tmp_path, files)
    assert sorted(names(sight)) == ["NewsFragment", "OldFragment"]
    assert by_id(screen(sight, "NewsFragment"), "a").leads_to == "OldFragment"
    assert by_id(screen(sight, "OldFragment"), "b").leads_to == "NewsFragment"


def test_alerts_have_the_buttons_and_choices_that_code_gives_them(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity(R.layout.home) {
    private fun ask() {
        MaterialAlertDialogBuilder(this)
            .setTitle(R.string.sure)
            .setSingleChoiceItems(R.array.sizes, 0) { _, at -> size = at }
            .setPositiveButton(R.string.yes) { _, _ -> startActivity(Intent(this, OtherActivity::class.java)) }
            .setNegativeButton(android.R.string.cancel, null)
            .setNeutralButton("Quit") { _, _ -> finish() }
            .show()
    }
}
"""
    values = """<resources><string name="sure">Sure?</string><string name="yes">Go on</string>
    <string-array name="sizes"><item>Small</item><item>@string/yes</item></string-array></resources>"""
    files = {
        "home": column("<Button/>"),
        "other": column("<Button/>"),
        "res/values/v.xml": values,
        "kt/A.kt": code + OTHER,
    }
    alert = screen(seen(tmp_path, files), "HomeActivity.ask")
    assert alert.dialog
    assert alert.title.value == "Sure?"
    assert [(one.identifier, one.text.value, one.leads_to) for one in alert.widgets if one.interactive] == [
        ("android:id/text1", "Small", ""),
        ("android:id/text1", "Go on", ""),
        ("android:id/button3", "Quit", ""),
        ("android:id/button2", "Cancel", BACK),
        ("android:id/button1", "Go on", "OtherActivity"),
    ]


def test_a_layout_that_an_activity_shows_in_a_dialog_is_a_screen_of_its_own(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity() {
    private val binding by viewBinding(ActivityHomeBinding::inflate)
    override fun onCreate(b: Bundle?) { setContentView(binding.root); binding.go.setOnClickListener { rename() } }
    private fun rename() {
        val inner = DialogRenameBinding.inflate(layoutInflater)
        AlertDialog.Builder(this).setView(inner.root).setPositiveButton(R.string.ok, null).show()
    }
}
"""
    files = {"activity_home": column("go"), "dialog_rename": column("new_name", tag="EditText"), "kt/A.kt": code}
    sight = seen(tmp_path, files)
    assert by_id(screen(sight, "HomeActivity"), "go").leads_to == "dialog_rename"
    assert acted_on(screen(sight, "dialog_rename")) == ["new_name", "android:id/button1"]


def test_a_class_that_only_builds_a_dialog_is_that_dialog(tmp_path: Path) -> None:
    code = """class RenameDialog(val activity: Activity, val done: (String) -> Unit) {
    private val binding = DialogRenameBinding.inflate(activity.layoutInflater)
    init {
        val builder = activity.getAlertDialogBuilder()
        builder.setPositiveButton(R.string.ok, null).setNegativeButton(R.string.no, null).apply {
            activity.setupDialogStuff(binding.root, this) { alert ->
                alert.getButton(AlertDialog.BUTTON_POSITIVE).setOnClickListener { PickDialog(activity) }
            }
        }
    }
}
class PickDialog(activity: Activity) { val view = activity.layoutInflater.inflate(R.layout.dialog_pick, null) }
"""
    files = {"dialog_rename": column("name", tag="EditText"), "dialog_pick": column("<Button/>"), "kt/A.kt": code}
    sight = seen(tmp_path, files)
    found = screen(sight, "RenameDialog")
    assert acted_on(found) == ["name", "android:id/button2", "android:id/button1"]
    assert screen(sight, "PickDialog").dialog


def test_a_row_that_switches_its_mark_is_one_element_with_it(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity(R.layout.home) {
    fun fill() { binding.row.setOnClickListener { flip() } }
    private fun flip() { binding.mark.toggle() }
}
"""
    layout = column(
        '<FrameLayout android:id="@+id/row"><Switch android:id="@+id/mark" android:clickable="false"/></FrameLayout>'
    )
    home = screen(seen(tmp_path, {"home": layout, "kt/A.kt": code}), "HomeActivity")
    assert acted_on(home) == ["mark"]
    assert by_id(home, "row").clickable


def test_code_changes_words_states_and_what_is_shown(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity(R.layout.home) {
    fun fill() {
        binding.a.text = getString(R.string.hello)
        binding.b.text = getString(R.string.dear, name)
        binding.c.setText("Plain")
        binding.d.text = "Hi $name"
        binding.e.text = compute()
        binding.f.contentDescription = getString(R.string.hello)
        binding.g.visibility = View.GONE
        binding.h.isVisible = ready
        binding.i.isEnabled = false
        binding.j.isChecked = settings.on
        binding.k.filters = arrayOf(InputFilter.LengthFilter(8))
        title = getString(R.string.hello)
    }
}
"""
    layout = column(*"abcdefghi", '<CheckBox android:id="@+id/j"/>', '<EditText android:id="@+id/k"/>')
    values = '<resources><string name="hello">Hello</string><string name="dear">Dear %s</string></resources>'
    home = screen(seen(tmp_path, {"home": layout, "res/values/v.xml": values, "kt/A.kt": code}), "HomeActivity")
    words = [by_id(home, one).text for one in "abcde"]
    assert [(one.value, one.dynamic) for one in words] == [
        ("Hello", False),
        ("Dear ", True),
        ("Plain", False),
        ("Hi ", True),
        ("", True),
    ]
    assert by_id(home, "f").label.value == "Hello"
    assert [one.identifier for one in home.widgets if one.conditional] == ["g", "h"]
    assert (by_id(home, "i").enabled, by_id(home, "j").checked) == (False, None)
    entry = by_id(home, "k").entry
    assert entry is not None
    assert entry.max_length == 8
    assert home.title.value == "Hello"


@pytest.mark.parametrize(
    "code",
    [
        """override fun onOptionsItemSelected(item: MenuItem) = when (item.itemId) {
        R.id.open -> { startActivity(Intent(this, OtherActivity::class.java)); true }
        android.R.id.home -> { finish(); true }
        else -> super.onOptionsItemSelected(item)
    }""",
        """override fun onOptionsItemSelected(item: MenuItem): Boolean {
        if (item.itemId == R.id.open) {
            startActivity(Intent(this, OtherActivity::class.java))
            return true
        }
        return super.onOptionsItemSelected(item)
    }""",
    ],
)
def test_a_menu_inflated_by_code_is_in_the_bar_and_its_branches_lead_on(tmp_path: Path, code: str) -> None:
    menu = f'<menu {NAMES}><item android:id="@+id/open" android:title="Open" app:showAsAction="always"/></menu>'
    whole = f"""class HomeActivity : AppCompatActivity(R.layout.home) {{
    override fun onCreate(b: Bundle?) {{ supportActionBar?.setDisplayHomeAsUpEnabled(true) }}
    override fun onCreateOptionsMenu(menu: Menu): Boolean {{ menuInflater.inflate(R.menu.home, menu); return true }}
    {code}
}}
"""
    files = {
        "home": column("<Button/>"),
        "other": column("<Button/>"),
        "res/menu/home.xml": menu,
        "kt/A.kt": whole + OTHER,
    }
    home = screen(seen(tmp_path, files), "HomeActivity")
    assert by_id(home, "open").leads_to == "OtherActivity"
    (up,) = [one for one in home.widgets if one.label.value == "Navigate up"]
    assert up.leads_to == BACK


def test_menus_of_selections_are_conditional_and_pop_ups_are_screens(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity(R.layout.home) {
    fun fill() { binding.dots.setOnClickListener { PopupMenu(this, it).apply { inflate(R.menu.pop) }.show() } }
}
class PickActivity : AppCompatActivity(R.layout.pick), ActionMode.Callback {
    override fun onCreateActionMode(mode: ActionMode, menu: Menu): Boolean {
        mode.menuInflater.inflate(R.menu.chosen, menu)
        return true
    }
}
"""
    menu = f'<menu {NAMES}><item android:id="@+id/x" android:title="X" app:showAsAction="always"/></menu>'
    files = {"home": column("dots"), "pick": column("<Button/>"), "kt/A.kt": code}
    sight = seen(tmp_path, {**files, "res/menu/pop.xml": menu, "res/menu/chosen.xml": menu})
    assert by_id(screen(sight, "HomeActivity"), "dots").leads_to == "pop"
    assert screen(sight, "pop").dialog
    assert by_id(screen(sight, "PickActivity"), "x").conditional


def test_the_layout_may_name_the_function_that_a_tap_runs(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity() {
    override fun onCreate(b: Bundle?) { DataBindingUtil.setContentView<HomeBinding>(this, R.layout.home) }
    fun openOther(view: View) { startActivity(Intent(this, OtherActivity::class.java)) }
}
"""
    layout = column(
        '<TextView android:id="@+id/a" android:onClick="openOther"/>',
        '<TextView android:id="@+id/b" android:onClick="@{() -> activity.openOther(null)}"/>',
        '<TextView android:id="@+id/c" android:onClick="@{activity::openOther}"/>',
    )
    home = screen(
        seen(tmp_path, {"home": layout, "other": column("<Button/>"), "kt/A.kt": code + OTHER}), "HomeActivity"
    )
    assert [by_id(home, one).leads_to for one in "abc"] == ["OtherActivity"] * 3


def test_code_that_is_cut_off_or_unbalanced_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    code = """class HomeActivity : AppCompatActivity(R.layout.home) {
    fun f() { binding.go.setOnClickListener { finish( }
"""
    home = screen(seen(tmp_path, {"home": column("go"), "kt/A.kt": code}), "HomeActivity")
    assert acted_on(home) == ["go"]


BROKEN = {
    "a bracket is missing": ("{ x() }", "{ x()", 2, "{ is never closed"),
    "a bracket too many": ("x() }", "x() } } } }", 4, "} closes nothing"),
    "a string without an end": ("x() }", 'x("y) }', 4, "a string that does not end"),
    "a comment without an end": ("x() }", "/* x() }", 4, "a comment that does not end"),
    "only the grammar sees it": ("x()", "val = = x()", 2, "has a syntax error in what begins here"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("rest", ["", "val madeByAMachine = 1\n" * 9_000])
def test_a_syntax_error_is_told_with_its_line_and_the_rest_is_read(tmp_path: Path, case: str, rest: str) -> None:
    good, bad, line, reason = BROKEN[case]
    code = (
        "package a\nclass MainActivity : AppCompatActivity() {\n fun onCreate() { setContentView(R.layout.main)\n"
        " binding.go.setOnClickListener { x() }\n } }\n"
    )
    broken = code.replace(good, bad, 1) + rest
    sight = seen(tmp_path, {"main": column("go"), "java/MainActivity.kt": broken})
    assert names(sight) == ["MainActivity"]
    if rest and case.startswith("only"):
        assert sight.troubles == ()  # what is so large is not parsed
        return
    assert (sight.troubles[0].file, sight.troubles[0].line) == (f"{MAIN}/java/MainActivity.kt", line)
    assert reason in sight.troubles[0].reason


def test_valid_code_with_quotes_and_brackets_in_its_words_gives_no_trouble(tmp_path: Path) -> None:
    kotlin = (
        "class MainActivity : AppCompatActivity() { fun f() { setContentView(R.layout.main)\n"
        'val a = "{ ${g("}")} \\" ("; val b = \'"\'; val c = """ " { """; val d = "${h(\'"\')}" /* " { */ // " {\n} }\n'
    )
    java = 'class Rows extends RecyclerView.Adapter<X> { char a = \'"\'; String b = "/* {"; }\n'
    sight = seen(tmp_path, {"main": column("go"), "java/MainActivity.kt": kotlin, "java/Rows.java": java})
    assert sight.troubles == ()


def test_long_comments_and_deep_classes_end() -> None:
    """A licence of ten thousand lines is read at once; classes that stand too deep in each other are refused."""
    licence = "// words of a licence\n" * 10_000
    assert READER.extract("src/A.kt", f"{licence}package org.example\nclass A : Activity()\n".encode()).lines > 10_000
    deep = "class A : Activity() {\n" * 200 + "}\n" * 200
    with pytest.raises(Unparsable, match="deep"):
        READER.extract("src/A.kt", deep.encode())


def test_own_views_that_code_makes_and_no_layout_names(tmp_path: Path) -> None:
    code = """
        class RowView(context: Context) : FrameLayout(context) {
            private val binding = ItemRowBinding.inflate(LayoutInflater.from(context), this, true)
        }
        class MenuView(context: Context) : FrameLayout(context) {
            private val binding = ViewMenuBinding.inflate(LayoutInflater.from(context), this, true)
            init { binding.share.setOnClickListener { go() } }
        }
        class LostView(context: Context) : FrameLayout(context) {
            private val binding = ViewLostBinding.inflate(LayoutInflater.from(context), this, true)
            init { binding.lost.setOnClickListener { go() } }
        }
        class MainActivity : AppCompatActivity() {
            fun onCreate() { setContentView(R.layout.main); list.adapter = Rows() }
            fun more() { MenuView(this).show() }
            inner class Rows : RecyclerView.Adapter<Holder>() {
                fun onCreateViewHolder(parent: ViewGroup) = Holder(RowView(parent.context))
            }
        }
    """
    sight = seen(
        tmp_path,
        {
            "java/Main.kt": code,
            "main": column("list", tag="androidx.recyclerview.widget.RecyclerView"),
            "item_row": column("row_title", "<Button android:id='@+id/row_save'/>"),
            "view_menu": column("share"),
            "view_lost": column("lost"),
            "AndroidManifest.xml": "<manifest/>",
        },
    )
    main = screen(sight, "MainActivity")
    assert by_id(main, "row_save").repeated and not by_id(main, "row_save").conditional
    assert by_id(main, "share").interactive and by_id(main, "share").conditional
    assert acted_on(screen(sight, "LostView")) == ["lost"]


def test_an_element_for_each_entry_of_an_enumeration(tmp_path: Path) -> None:
    code = """
        enum class Tab(val text: Int, val id: Int) {
            HOME(R.string.home, R.id.tab_home) { override fun make(): Fragment { return HomeFragment() } },
            MORE(R.string.more, R.id.tab_more);
            abstract fun make(): Fragment
        }
        class Tabs(context: Context, attrs: AttributeSet) : BottomNavigationView(context, attrs) {
            init { Tab.entries.forEachIndexed { index, tab -> menu.add(Menu.NONE, tab.id, index, tab.text) } }
        }
        class MainActivity : AppCompatActivity() { fun onCreate() { setContentView(R.layout.main) } }
    """
    files = {
        "java/Main.kt": code,
        "main": column("<org.example.Tabs android:id='@+id/tabs'/>"),
        "res/values/strings.xml": "<resources><string name='home'>Home</string><string name='more'>More</string>"
        "<item name='tab_home' type='id'/><item name='tab_more' type='id'/></resources>",
        "AndroidManifest.xml": "<manifest/>",
    }
    main = screen(seen(tmp_path, files), "MainActivity")
    assert [(one.identifier, one.text.value) for one in main.widgets if one.interactive] == [
        ("tab_home", "Home"),
        ("tab_more", "More"),
    ]


def test_a_fragment_in_a_fragment_is_a_part_of_it(tmp_path: Path) -> None:
    code = """
        class OuterFragment : Fragment(R.layout.outer)
        class InnerFragment : Fragment(R.layout.inner)
    """
    holder = "<androidx.fragment.app.FragmentContainerView android:id='@+id/at' android:name='x.InnerFragment'/>"
    files = {
        "java/Main.kt": code,
        "outer": column("<Button android:id='@+id/out'/>", holder),
        "inner": column("<Button android:id='@+id/within'/>"),
        "AndroidManifest.xml": "<manifest/>",
    }
    sight = seen(tmp_path, files)
    assert acted_on(screen(sight, "OuterFragment")) == ["out", "within"]
    assert "InnerFragment" not in names(sight)


def test_elements_may_be_handed_to_a_class_that_listens_to_them(tmp_path: Path) -> None:
    code = """
        class Puzzle(private val activity: Activity, private val binding: GroupPuzzleBinding) {
            init { binding.picture.setOnClickListener { reload() } }
        }
        class MainActivity : AppCompatActivity() {
            fun onCreate() { setContentView(R.layout.main); val puzzle = Puzzle(this, binding.puzzle) }
        }
    """
    files = {
        "java/Main.kt": code,
        "main": column("title", "<include layout='@layout/group_puzzle'/>"),
        "group_puzzle": column("picture", tag="ImageView"),
        "AndroidManifest.xml": "<manifest/>",
    }
    main = screen(seen(tmp_path, files), "MainActivity")
    assert acted_on(main) == ["picture"]
    assert not by_id(main, "title").conditional


def test_words_that_an_own_view_is_given(tmp_path: Path) -> None:
    row = "<org.example.Row android:id='@+id/row' app:primaryText='@string/first' app:rowIcon='@drawable/x'/>"
    files = {
        "java/Main.kt": "class MainActivity : AppCompatActivity() { fun f() { setContentView(R.layout.main) } }",
        "main": column(row),
        "res/values/strings.xml": "<resources><string name='first'>First row</string></resources>",
        "AndroidManifest.xml": "<manifest/>",
    }
    main = screen(seen(tmp_path, files), "MainActivity")
    (said,) = [one for one in main.widgets if one.text.value]
    assert (said.text.value, said.text.key) == ("First row", "first")
    assert main.widgets[said.parent].identifier == "row"
