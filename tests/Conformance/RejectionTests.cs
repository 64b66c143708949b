using System.Text.RegularExpressions;
using Lab.Application.Conformance;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Conformance;

/// <summary>The comparison can fail: other designs and falsified traces are told, at the right line.</summary>
public sealed partial class RejectionTests
{
    public static TheoryData<string> Traces => ConformanceTests.Traces;

    [Theory]
    [InlineData("workqueue", ZapPasses.AsSource, "mainline-7.2-2vcpu-delete.txt", "flush: ")]
    [InlineData("workqueue", ZapPasses.Coarse, "mainline-6.1-2vcpu-delete.txt", "flush: ")]
    [InlineData("mainline", ZapPasses.Coarse, "workqueue-2vcpu-delete.txt", "tdp_mmu_zap_root_work")]
    [InlineData("refcount2", ZapPasses.Fine, "refcount2-2vcpu-delete.txt", " level=3")]
    [InlineData("mainline", ZapPasses.AsSource, "mainline-6.1-2vcpu-delete.txt", " level=3")]
    [InlineData("mainline", ZapPasses.Coarse, "mainline-7.2-2vcpu-delete.txt", "zap: ")]
    public void Another_design_is_told_at_the_first_line_where_it_differs(
        string strategy, ZapPasses passes, string trace, string firstLineWith)
    {
        ConformanceCase one = ConformanceCase.Of(trace);
        Comparison comparison = one.Compare(one.Load(), LabScenario.Run(strategy, passes));
        int expected =
            Array.FindIndex(ConformanceCase.ReadLines(trace), line => line.Contains(firstLineWith, StringComparison.Ordinal)) + 1;
        Assert.Equal(expected, comparison.First?.Line);
        Assert.Contains(">>", comparison.Report, StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_shows_both_sides_and_marks_the_line()
    {
        const string Trace = "mainline-7.2-2vcpu-delete.txt";
        ConformanceCase one = ConformanceCase.Of(Trace);
        string report =
            one.Compare(one.Load(), LabScenario.Run("workqueue", ZapPasses.AsSource)).Report;
        string head = $"workqueue does not do what {Trace} shows; first difference at {Trace}:36 (updater and destroyer).";
        Assert.StartsWith(head, report, StringComparison.Ordinal);
        Assert.Matches(@"\n>>\s+36 Flush\s+\| Queue\n", report);
        Assert.Matches(@"\n {2} +35 InvalidateAll\s+\| InvalidateAll\n", report);
    }

    [Theory]
    [MemberData(nameof(Traces))]
    public void A_changed_count_level_frame_root_or_invalid_bit_is_told_at_its_line(string trace)
    {
        Check(trace, (lines, index) => Mutated(lines, index, RefCount().Replace(lines[index], "ref=7")));
        Check(trace,
            (lines, index) => Mutated(lines, index, lines[index].Replace("gfn 40000", "gfn 40200", StringComparison.Ordinal)));
        Check(trace, (lines, index) => Mutated(lines, index, TableLevel().Replace(lines[index], "${before} l6")));
        Check(trace,
            (lines, index) => Mutated(lines, index, lines[index].Replace("level=3", "level=2", StringComparison.Ordinal)));
        Check(trace, (lines, index) => Mutated(lines, index, lines[index].Replace("0x3f84", "0x3784", StringComparison.Ordinal)
            .Replace("0x7f84", "0x6f84", StringComparison.Ordinal).Replace("inv=1", "inv=0", StringComparison.Ordinal)));
    }

    /// <summary>The first mention of a root cannot be wrong; the next one then is.</summary>
    [Theory]
    [MemberData(nameof(Traces))]
    public void A_changed_address_is_told_not_before_its_line(string trace)
    {
        ConformanceCase one = ConformanceCase.Of(trace);
        string[] lines = ConformanceCase.ReadLines(trace);
        History lab = one.RunLab();
        for (int index = 0; index < lines.Length; index++)
        {
            if (Mutated(lines, index, Address().Replace(lines[index], "${name}=0xabc")) is { } mutated)
            {
                Assert.InRange(LineTold(one, lab, mutated) ?? 0, index + 1, lines.Length);
            }
        }
    }

    [Theory]
    [InlineData("workqueue-2vcpu-delete.txt")]
    [InlineData("refcount2-2vcpu-delete.txt")]
    public void A_changed_lock_mode_is_told_at_its_line(string trace)
    {
        Check(trace,
            (lines, index) => Mutated(lines, index, lines[index].Replace("shared=0", "shared=1", StringComparison.Ordinal)));
        Check(trace,
            (lines, index) => Mutated(lines, index, lines[index].Replace("shared=1", "shared=0", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Traces))]
    public void Two_swapped_events_of_one_thread_are_told_at_the_first(string trace)
    {
        Check(trace, (lines, index) =>
        {
            int next = index + 1;
            if (next == lines.Length || !IsTold(lines[index]) || !IsTold(lines[next])
                || TaskOf(lines[index]) != TaskOf(lines[next]))
            {
                return null;
            }
            string[] swapped = [.. lines];
            (swapped[index], swapped[next]) = (swapped[next], swapped[index]);
            return swapped;
        });
    }

    [Theory]
    [MemberData(nameof(Traces))]
    public void A_missing_or_repeated_event_is_told(string trace)
    {
        ConformanceCase one = ConformanceCase.Of(trace);
        string[] lines = ConformanceCase.ReadLines(trace);
        History lab = one.RunLab();
        int told = 0;
        for (int index = 0; index < lines.Length; index++)
        {
            if (!IsTold(lines[index])) continue;
            string[] removed = [.. lines[..index], .. lines[(index + 1)..]];
            string[] repeated = [.. lines[..index], lines[index], .. lines[index..]];
            Assert.True(LineTold(one, lab, removed) is not null, $"{trace}:{index + 1} was removed and nobody said so");
            Assert.True(LineTold(one, lab, repeated) is not null, $"{trace}:{index + 1} was repeated and nobody said so");
            told++;
        }
        Assert.InRange(told, 30, 120);
    }

    [Theory]
    [InlineData("workqueue_execute_start", "workqueue_queue_work", "an item starts before it is queued")]
    [InlineData("flushed:", "workqueue_execute_end", "the fast zap is over and 1 items are not")]
    public void An_order_between_threads_that_comparing_them_one_by_one_misses_is_told(
        string moved, string before, string complaint)
    {
        const string Trace = "workqueue-2vcpu-delete.txt";
        ConformanceCase one = ConformanceCase.Of(Trace);
        List<string> lines = [.. ConformanceCase.ReadLines(Trace)];
        int from = lines.FindIndex(line => line.Contains(moved, StringComparison.Ordinal));
        int to = lines.FindIndex(line => line.Contains(before, StringComparison.Ordinal));
        string text = lines[from];
        lines.RemoveAt(from);
        lines.Insert(to, text);
        History kernel = RecordedTrace.Parse(Trace, lines);
        Assert.Null(one.Compare(kernel, one.RunLab()).First);
        Assert.Contains($"{Trace}:{to + 1}: {complaint}", CausalOrder.Check(kernel));
    }

    [Theory]
    [InlineData("not a trace at all", "not a line of ftrace")]
    [InlineData("            kvmt-102     [001] ...1.     4.871583: unheard: (of)", "unknown event unheard")]
    [InlineData("        stranger-1       [001] ...1.     4.871583: flush: (of)", "no part is known for task stranger")]
    [InlineData("            kvmt-102     [001] ...1.     4.871583: put: root=0x1 ref=x role=0x1", "ref=x is not a number")]
    [InlineData("            kvmt-102     [001] ...1.     4.871583: zap: ref=1 role=0x1", "root= is missing")]
    [InlineData("            kvmt-102     [001] ...1.     4.871583: zap: root=0x1 ref=1 role=0x1",
        "more roots are zapped and put than were made")]
    [InlineData("           vcpu1-108     [001] ...1.     4.851669: get: hpa=0x1", "a root was loaded that nobody made")]
    [InlineData("           vcpu1-108     [001] ...1.     4.852874: kvm_mmu_get_page: sp gen 0 gfn 0 l9 8-byte", "not a table")]
    public void A_line_that_makes_no_sense_is_refused_with_file_and_line(string line, string why)
    {
        FormatException error =
            Assert.Throws<FormatException>(() => RecordedTrace.Parse("some.txt", ["# tracer: nop", "", line]));
        Assert.StartsWith($"some.txt:3: {why}", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Applies the change at every line where there is something to change, and asks that it is told at that
    /// line.</summary>
    private static void Check(string trace, Func<string[], int, string[]?> change)
    {
        ConformanceCase one = ConformanceCase.Of(trace);
        string[] lines = ConformanceCase.ReadLines(trace);
        History lab = one.RunLab();
        for (int index = 0; index < lines.Length; index++)
        {
            if (change(lines, index) is not { } mutated) continue;
            Assert.Equal($"{trace}:{index + 1}", $"{trace}:{LineTold(one, lab, mutated)}");
        }
    }

    /// <summary>The line at which the falsified trace is refused: by the parser, by the comparison, or by the causal
    /// orders.</summary>
    private static int? LineTold(ConformanceCase one, History lab, string[] lines)
    {
        try
        {
            History kernel = RecordedTrace.Parse(one.Trace, lines);
            return one.Compare(kernel, lab).First?.Line
                ?? (CausalOrder.Check(kernel) is [var complaint, ..] ? LineOf(complaint) : null);
        }
        catch (FormatException error)
        {
            return LineOf(error.Message);
        }
    }

    private static int LineOf(string message) =>
        int.Parse(message.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);

    private static string[]? Mutated(string[] lines, int index, string line) =>
        line == lines[index] ? null : [.. lines[..index], line, .. lines[(index + 1)..]];

    /// <summary>True for the lines that concern roots.</summary>
    private static bool IsTold(string line) =>
        Concerned().IsMatch(line)
        && (!line.Contains("workqueue_", StringComparison.Ordinal)
            || line.Contains("tdp_mmu_zap_root_work", StringComparison.Ordinal));

    private static string TaskOf(string line) => line[..line.IndexOf('[', StringComparison.Ordinal)].Trim();

    [GeneratedRegex(
        @": (tracing_mark_write|kvm_mmu_get_page|get|put|kvm_mmu_zap_all_fast|inval|workqueue_\w+|flush|flushed|zap|kvm_mmu_prepare_zap_page): ")]
    private static partial Regex Concerned();

    [GeneratedRegex(@"ref=\d+")]
    private static partial Regex RefCount();

    [GeneratedRegex(@"(?<before>gfn [0-9a-f]+) l\d")]
    private static partial Regex TableLevel();

    [GeneratedRegex(@"(?<name>root|hpa)=0x[0-9a-f]+")]
    private static partial Regex Address();
}
