using System.Text.RegularExpressions;
using Lab.Mmu;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Invariants are said in one place, and the reference says the same.</summary>
public partial class InvariantsTests
{
    [Fact]
    public void The_reference_has_each_invariant_of_the_catalogue_in_the_same_words_and_no_other()
    {
        string reference = File.ReadAllText(Path.Combine(LabProcess.Checkout, "docs/REFERENCE.md"));
        string section = reference[reference.IndexOf("## 12 ", StringComparison.Ordinal)..];
        Assert.Equal(
            Invariants.All.Select(one => (one.Number, one.Sentence)),
            Row().Matches(section).Select(row => (row.Groups[1].Value, row.Groups[2].Value + ".")));
    }

    [GeneratedRegex(@"^- (I\d+): (.+)$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
