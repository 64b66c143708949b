using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Layout;

/// <summary>The rules of <see cref="Tidy"/>, each on a planted violation and on the whole tree.</summary>
public sealed class TidyTests
{
    /// <summary>Types that something outside the product names, with who.</summary>
    private static readonly Dictionary<string, string> Kept = new()
    {
        ["InstrumentBenchmarks"] = "BenchmarkDotNet finds it by its attributes",
        ["PageBenchmarks"] = "BenchmarkDotNet finds it by its attributes",
        ["RootBenchmarks"] = "BenchmarkDotNet finds it by its attributes",
    };

    private static readonly IReadOnlyDictionary<string, string> Sources =
        SourceTreeTests.SourceFiles().Where(path => path.EndsWith(".cs", StringComparison.Ordinal))
            .ToDictionary(path => path, Read);

    private static readonly IReadOnlyDictionary<string, string> Documents =
        SourceTreeTests.SourceFiles().Where(path => path.EndsWith(".md", StringComparison.Ordinal))
            .ToDictionary(path => path, Read);

    private static IReadOnlyDictionary<string, string> Product =>
        Sources.Where(file => !file.Key.StartsWith("tests/", StringComparison.Ordinal)).ToDictionary();

    /// <summary>The explorer's parts, and which of them each may use beside what users see ("": scenes, findings). The engines do
    /// not know each other. Agents and model are two halves of one engine: the watch sees each step, and looks at the
    /// agents.</summary>
    private static readonly Dictionary<string, string[]> ExplorerArrows = new()
    {
        [""] = ["Seam", "Schedules", "Orders", "Graph", "Candidates", "Sampling"],
        ["Seam"] = [],
        ["Schedules"] = ["Seam"],
        ["Scenarios"] = [],
        ["Orders"] = [],
        ["Litmus"] = ["Orders"],
        ["Graph"] = ["Seam"],
        ["Candidates"] = ["Seam", "Schedules", "Orders"],
        ["Sampling"] = ["Seam", "Schedules"],
        ["Model"] = ["Seam", "Agents"],
        ["Agents"] = ["Seam", "Model"],
        ["Strategies"] = ["Seam", "Schedules", "Scenarios", "Agents", "Model"],
        ["Programs"] = ["Seam"],
    };

    [Fact]
    public void No_line_is_wider_than_an_editor() =>
        Assert.Empty(Sources.Concat(Documents).SelectMany(file => Tidy.TooWide(file.Key, file.Value)));

    [Theory]
    [InlineData("a.cs", "int x = f({0});")]
    [InlineData("a.cs", "/// <summary>{0}</summary>")]
    [InlineData("a.cs", "Say($\"{0}\");")]
    [InlineData("a.md", "{0}")]
    public void A_wide_line_is_found(string path, string line)
    {
        string words = string.Join(" + ", Enumerable.Repeat("word", 20));
        Assert.Equal([$"{path}:2: {line.Length - 3 + words.Length} columns"],
            Tidy.TooWide(path, "\n" + line.Replace("{0}", words) + "\n"));
    }

    [Theory]
    [InlineData("a.cs", "    \"one-word-{0}\",")]
    [InlineData("a.cs", "var a = \"\"\"\n{0}\n\"\"\";")]
    [InlineData("a.cs", "    + $\"of {runs.Where(run => run.HasEnded).Select(run => run.{0})} runs\");")]
    [InlineData("a.cs", "// https://example.org/{0}")]
    [InlineData("a.md", "| cell | {0} |")]
    [InlineData("a.md", "see [there]({0})")]
    [InlineData("a.md", "```\n{0}\n```")]
    [InlineData("a.md", "<!-- options:begin -->\n{0}\n<!-- options:end -->")]
    public void What_cannot_be_cut_may_be_wide(string path, string text) =>
        Assert.Empty(Tidy.TooWide(path, text.Replace("{0}", new string('x', 140))));

    [Fact]
    public void Embedded_statements_stand_on_the_line_or_in_braces() =>
        Assert.Empty(Sources.SelectMany(file => Tidy.StatementOnNextLine(file.Key, file.Value)));

    [Theory]
    [InlineData("if (a)\n    b();", "a.cs:1: what 'if' governs is on the next line")]
    [InlineData("foreach (int a in f(\")\",\n    b)) // why\n    c();", "a.cs:2: what 'foreach' governs is on the next line")]
    [InlineData("if (a) b();\nelse\n    c();", "a.cs:2: what 'else' governs is on the next line")]
    [InlineData("if (a)\n{\n}\nelse if (b)\n    c();", "a.cs:4: what 'else if' governs is on the next line")]
    public void A_statement_on_the_next_line_is_found(string code, string complaint) =>
        Assert.Equal([complaint], Tidy.StatementOnNextLine("a.cs", code));

    [Theory]
    [InlineData("if (a) b();\nelse c();")]
    [InlineData("while (a)\n{\n    b();\n}")]
    [InlineData("do\n{\n}\nwhile (a);")]
    [InlineData("string s = $\"if ({a})\n\";")]
    public void A_statement_where_it_belongs_is_no_complaint(string code) => Assert.Empty(Tidy.StatementOnNextLine("a.cs", code));

    [Fact]
    public void Tables_of_documents_are_whole() =>
        Assert.Empty(Documents.SelectMany(file => Tidy.BrokenTables(file.Key, file.Value)));

    [Theory]
    [InlineData("text\n| a | b |\n| c | d |\n", "a.md:3: a table needs a line of dashes below its names")]
    [InlineData("| a | b |\n|---|---|\n| c |\n", "a.md:3: 1 cells below 2 names")]
    [InlineData("| a | b |\n|---|---|\n| `c | d` | e | f |\n", "a.md:3: 3 cells below 2 names")]
    [InlineData("text\n| a | b |\n\n", "a.md:2: a table of one line")]
    public void A_broken_table_is_found(string text, string complaint) =>
        Assert.Equal([complaint], Tidy.BrokenTables("a.md", text));

    [Fact]
    public void A_whole_table_is_no_complaint() =>
        Assert.Empty(Tidy.BrokenTables("a.md", "| a | b |\n|:--|---:|\n| `c | d` | e \\| f |\n\n```\n| a |\n```\n"));

    [Fact]
    public void Unsafe_code_says_why_it_is_safe() =>
        Assert.Empty(Product.SelectMany(file => Tidy.UnsafeWithoutReason(file.Key, file.Value)));

    [Fact]
    public void Unsafe_code_without_a_reason_is_found()
    {
        Assert.Single(Tidy.UnsafeWithoutReason("a.cs", "unsafe class A { byte* _a; } // \"SAFETY\""));
        Assert.Empty(Tidy.UnsafeWithoutReason("a.cs", "// SAFETY: the block is the object's own.\nunsafe class A { byte* _a; }"));
        Assert.Empty(Tidy.UnsafeWithoutReason("a.cs", "/// <summary>Nothing unsafe.</summary>\nclass A;"));
    }

    [Fact]
    public void The_product_uses_what_it_declares() => Assert.Empty(Tidy.DeadTypes(Product, Kept));

    [Fact]
    public void A_type_that_nothing_names_is_found()
    {
        Dictionary<string, string> product = new()
        {
            ["a.cs"] = "class A { public A() { } /* B */ string s = \"B\"; C c; }\n",
            ["b.cs"] = "/// <see cref=\"B\"/>\nsealed class B { public B(int x) { } ~B() { } }\n",
            ["c.cs"] = "partial class C;\n",
            ["c.More.cs"] = "partial class C { A a; }\n",
            ["d.cs"] = "static class D { public static int Twice(this int a) => 2 * a; }",
            ["e.cs"] = "class MarkAttribute;\n[Mark] struct E { }",
        };
        Assert.Equal(["b.cs: nothing in the product names B"],
            Tidy.DeadTypes(product, new Dictionary<string, string> { ["E"] = "native code" }));
        Assert.Equal(2, Tidy.DeadTypes(product, new Dictionary<string, string>()).Count());
    }

    [Fact]
    public void The_product_uses_the_files_it_has() => Assert.Empty(Tidy.DeadFiles(Product, Kept));

    [Fact]
    public void A_file_that_no_other_names_is_found()
    {
        Dictionary<string, string> product = new()
        {
            ["a.cs"] = "class A { A? next; Row? row; }\nclass Row { A? of; }",
            ["b.cs"] = "class B { C c; } // A",
            ["c.cs"] = "class C { B b; }",
        };
        Assert.Equal(["a.cs: no other file of the product names A"], Tidy.DeadFiles(product, new Dictionary<string, string>()));
        Assert.Empty(Tidy.DeadFiles(product, new Dictionary<string, string> { ["A"] = "a reason" }));
    }

    [Fact]
    public void No_type_is_kept_for_nothing() =>
        Assert.Empty(Kept.Keys.Except(
            Tidy.DeadTypes(Product, new Dictionary<string, string>()).Select(complaint => complaint.Split(' ')[^1])));

    [Fact]
    public void The_explorers_engines_do_not_know_each_other() =>
        Assert.Empty(Product.Where(file => file.Key.StartsWith("rig/Explorer/", StringComparison.Ordinal))
            .SelectMany(file => Tidy.ForbiddenArrows(file.Key, file.Value, "Lab.Explorer", ExplorerArrows)));

    [Fact]
    public void A_forbidden_arrow_is_found()
    {
        Dictionary<string, string[]> arrows = new() { [""] = ["A"], ["A"] = [], ["B"] = ["A"] };
        Assert.Equal(["a.cs:1: A uses B"], Tidy.ForbiddenArrows("a.cs", "using Lab.B;\n\nnamespace Lab.A;\n", "Lab", arrows));
        Assert.Equal(["a.cs: Lab.C has no place in the layout"],
            Tidy.ForbiddenArrows("a.cs", "namespace Lab.C;\n", "Lab", arrows));
        Assert.Empty(Tidy.ForbiddenArrows("a.cs", "using Lab.A; // Lab.B\n\nnamespace Lab.B;\n", "Lab", arrows));
        Assert.Empty(Tidy.ForbiddenArrows("a.cs", "using Lab.A;\n\nnamespace Lab;\n", "Lab", arrows));
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(LabProcess.Checkout, path));
}
