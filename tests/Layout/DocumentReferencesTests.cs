using System.Text.RegularExpressions;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Layout;

/// <summary>What documents point at is there: files, headings, and the test classes by which the specification says a promise is
/// enforced.</summary>
public sealed partial class DocumentReferencesTests
{
    private static readonly string[] Skipped = [".git", "artifacts", "runs", "bin", "obj", "Fixtures"];

    public static TheoryData<string> Documents => [.. Files(LabProcess.Checkout, "*.md").Order()];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_leads_somewhere(string document)
    {
        List<string> broken = [];
        string folder = Path.GetDirectoryName(Path.Combine(LabProcess.Checkout, document))!;
        foreach (Match link in Link().Matches(File.ReadAllText(Path.Combine(LabProcess.Checkout, document))))
        {
            string[] parts = link.Groups["target"].Value.Split('#');
            string target =
                parts[0].Length == 0 ? Path.Combine(LabProcess.Checkout, document) : Path.GetFullPath(parts[0], folder);
            if (!Path.Exists(target)) broken.Add(link.Value);
            else if (parts.Length > 1 && !Anchors(target).Contains(parts[1])) broken.Add($"{link.Value}: no such heading");
        }
        Assert.Empty(broken);
    }

    [Fact]
    public void Every_test_that_the_specification_names_exists()
    {
        string specification = File.ReadAllText(Path.Combine(LabProcess.Checkout, "docs", "SPECIFICATION.md"));
        HashSet<string> tests = [.. typeof(DocumentReferencesTests).Assembly.GetTypes().Select(type => type.Name)];
        List<string> named = [.. TestName().Matches(specification).Select(match => match.Groups["name"].Value).Distinct()];
        Assert.True(named.Count > 80, $"only {named.Count} tests are named");
        Assert.Empty(named.Except(tests));
    }

    /// <summary>Headings as GitHub turns them into anchors; lines of code blocks are none.</summary>
    private static HashSet<string> Anchors(string document)
    {
        HashSet<string> anchors = [];
        bool inCode = false;
        foreach (string line in File.ReadLines(document))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) inCode = !inCode;
            if (inCode || !line.StartsWith('#')) continue;
            anchors.Add(NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));
        }
        return anchors;
    }

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(folder, pattern).Select(file => Path.GetRelativePath(LabProcess.Checkout, file))
            .Concat(Directory.EnumerateDirectories(folder).Where(below => !Skipped.Contains(Path.GetFileName(below)))
                .SelectMany(below => Files(below, pattern)));

    /// <summary>Relative links only: the tests ask no network.</summary>
    [GeneratedRegex(@"\]\((?<target>(?!https?:)[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`(?<name>[A-Za-z]+Tests)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"[^\p{L}\p{N}_ -]")]
    private static partial Regex NotInAnchor();
}
