using System.Xml.Linq;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Layout;

/// <summary>What the folders promise each other, read from the project files.</summary>
public sealed class SourceTreeTests
{
    /// <summary>Who may refer to whom. A project that is not here fails the test: say where it belongs first.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Lab.Settings"] = [],
        ["Lab.Time"] = [],
        ["Lab.Mmu"] = ["Lab.Settings", "Lab.Time"],
        ["Lab.Measure"] = ["Lab.Settings", "Lab.Time"],
        ["Lab.Explorer"] = ["Lab.Mmu"],
        ["Lab.Hardware"] = ["Lab.Mmu"],
        ["Lab.Results"] = [],
        ["Lab.Strategies"] = ["Lab.Mmu"],
        ["Lab.Workloads"] = ["Lab.Mmu", "Lab.Measure"],
        ["Lab.Plots"] = ["Lab.Results"],
        ["Lab.Store"] = ["Lab.Results"],
        ["Lab.Watch"] = ["Lab.Measure"],
        ["Lab.Application"] =
        [
            "Lab.Mmu", "Lab.Measure", "Lab.Watch", "Lab.Hardware", "Lab.Explorer", "Lab.Strategies", "Lab.Workloads",
            "Lab.Results",
        ],
        ["Lab.Report"] = ["Lab.Application", "Lab.Explorer", "Lab.Measure", "Lab.Results", "Lab.Plots"],
        ["Lab"] =
        [
            "Lab.Application", "Lab.Mmu", "Lab.Measure", "Lab.Watch", "Lab.Hardware", "Lab.Explorer", "Lab.Strategies",
            "Lab.Workloads",
            "Lab.Results", "Lab.Plots", "Lab.Report", "Lab.Store",
        ],
        ["Lab.Bench"] = ["Lab.Mmu", "Lab.Measure", "Lab.Hardware", "Lab.Explorer", "Lab.Strategies"],
        ["Lab.Tests"] = ["Lab", "Lab.Tests.Plugin", "Lab.Bench"],
        ["Lab.Tests.Plugin"] = ["Lab.Mmu"],
    };

    /// <summary>Reason of each: clock and recorder (docs/decisions/0002), page tables, devices and mappings, words under control,
    /// what they are compared with, tests of them.</summary>
    private static readonly string[] MayBeUnsafe =
        ["Lab.Time", "Lab.Measure", "Lab.Mmu", "Lab.Hardware", "Lab.Explorer", "Lab.Bench", "Lab.Tests"];

    /// <summary>Folders at the root of some machine, of which no path belongs into the tree.</summary>
    private static readonly string[] MachineFolders = ["tmp", "work", "root", "home"];

    public static TheoryData<string> Projects => [.. ProjectFiles.Select(path => Path.GetFileNameWithoutExtension(path)).Order()];

    private static string[] ProjectFiles => [.. SourceFiles().Where(path => path.EndsWith(".csproj", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_refers_only_where_the_layout_lets_it(string project)
    {
        Assert.True(Arrows.ContainsKey(project), $"{project} has no place in the layout");
        IEnumerable<string> referred = Read(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.Empty(referred.Except(Arrows[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Unsafe_code_is_a_place(string project) =>
        Assert.Equal(MayBeUnsafe.Contains(project),
            Read(project).Descendants("AllowUnsafeBlocks").Any(setting => setting.Value == "true"));

    [Fact]
    public void Nothing_in_the_tree_knows_the_machine_it_was_written_on()
    {
        List<string> found = [];
        foreach (string path in SourceFiles().Where(IsText))
        {
            string[] lines = File.ReadAllLines(Path.Combine(LabProcess.Checkout, path));
            for (int index = 0; index < lines.Length; index++)
            {
                if (MachineFolders.Any(folder => lines[index].Contains($"/{folder}/", StringComparison.Ordinal)))
                {
                    found.Add($"{path}:{index + 1}: {lines[index].Trim()}");
                }
            }
        }
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("tests/Plugin/ZapInline.cs")]
    [InlineData("tests/Explorer/LastPutTests.cs")]
    public void The_page_on_extending_shows_an_example_as_it_is_compiled(string path)
    {
        string page = File.ReadAllText(Path.Combine(LabProcess.Checkout, "docs", "EXTENDING.md"));
        string example = File.ReadAllText(Path.Combine(LabProcess.Checkout, path));
        Assert.Contains($"<!-- example: {path} -->\n```csharp\n{example.TrimEnd()}\n```\n", page);
    }

    private static bool IsText(string path) =>
        Path.GetExtension(path) is ".cs" or ".csproj" or ".props" or ".json" or ".md" or ".sh" or ".txt" or ".c" or ".yml"
        || path == ".ci/run";

    private static XElement Read(string project) =>
        XElement.Load(
            Path.Combine(LabProcess.Checkout, ProjectFiles.Single(path => Path.GetFileNameWithoutExtension(path) == project)));

    /// <summary>Files of the source tree without build output and results, by relative path.</summary>
    internal static List<string> SourceFiles()
    {
        string[] skipped = [".git", "artifacts", "runs", "bin", "obj"];
        List<string> files = [];
        Stack<string> folders = new([LabProcess.Checkout]);
        while (folders.TryPop(out string? folder))
        {
            foreach (string below in Directory.EnumerateDirectories(folder))
            {
                if (!skipped.Contains(Path.GetFileName(below))) folders.Push(below);
            }
            files.AddRange(Directory.EnumerateFiles(folder).Select(file => Path.GetRelativePath(LabProcess.Checkout, file)));
        }
        return files;
    }
}
