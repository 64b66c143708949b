using Lab.Hardware;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>The text of tracefs: kernel-trace.txt was recorded here (6.18), its pids, times and addresses replaced, its last
/// lines added by hand.</summary>
public sealed class KernelTraceTextTests
{
    private static readonly string[] Recorded =
        File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Hardware", "kernel-trace.txt"));

    private static TraceWindow Half => new(500_000_000_000, 500_000_000, 5);

    [Fact]
    public void A_recorded_trace_is_counted_by_event_and_interval()
    {
        KernelTraceCounts counts = KernelTraceCounts.Of(Recorded, Half, marker => marker!.Value.ProcessId);

        Assert.Equal([("kvm_mmu_zap_all_fast", 1, 1L)], Of("kvm_mmu_zap_all_fast"));
        // Nine in the updater, one on the kernel's work queue.
        Assert.Equal([("kvm_mmu_prepare_zap_page", 1, 9L), ("kvm_mmu_prepare_zap_page", 4, 1L)], Of("kvm_mmu_prepare_zap_page"));
        // Three in the vCPU, one of a thread that the kernel did not record.
        Assert.Equal([("kvm_mmu_spte_requested", 3, 3L), ("kvm_mmu_spte_requested", 4, 1L)], Of("kvm_mmu_spte_requested"));
        Assert.Equal(3, counts.Total("kvm_mmu_set_spte"));
        Assert.Equal(1, counts.Total("kvm_unmap_hva_range"));
        Assert.Equal(0, counts.Total("tlb_flush"));
        Assert.Equal(0, counts.Total(KernelTraceText.Marker));
        Assert.Equal((1L, 4711L, 0L), (counts.OtherProcesses, counts.Lost, counts.Malformed));

        IEnumerable<(string, int, long)> Of(string name) =>
            counts.Events.Where(one => one.Event == name).Select(one => (one.Event, one.Interval, one.Count));
    }

    [Fact]
    public void Where_the_process_cannot_be_told_nothing_is_left_out()
    {
        KernelTraceCounts counts = KernelTraceCounts.Of(Recorded, Half, _ => 0);

        Assert.Equal((2L, 1L, 0L), (counts.Total("kvm_mmu_zap_all_fast"), counts.Total("tlb_flush"), counts.OtherProcesses));
    }

    [Fact]
    public void Only_the_window_counts_and_its_end_is_outside()
    {
        // From the fast zap, which is in, to the first zapped page, which is not.
        KernelTraceCounts counts = KernelTraceCounts.Of(Recorded, new TraceWindow(500_131_568_000, 3000, 100), _ => 0);

        Assert.Equal([new KernelEventCount("kvm_mmu_zap_all_fast", 0, 1)], counts.Events);
    }

    [Fact]
    public void Every_part_of_a_line_is_read_whatever_the_command_is_called()
    {
        Assert.True(KernelTraceText.TryParse("  a-1 [0] b: (c)-4194304 (   1000) [255] d..2. 86400000.000001: tlb_flush: "
            + "pages:2 reason:x (4)", out KernelTraceLine line));
        Assert.Equal(new KernelTraceLine("a-1 [0] b: (c)", 4194304, 1000, 86_400_000_000_001_000, "tlb_flush",
            "pages:2 reason:x (4)"), line);

        Assert.True(KernelTraceText.TryParse("           vcpu0-1011    [001] ...1.   500.374466: kvm_x:", out line));
        Assert.Equal((0, "kvm_x", ""), (line.ProcessId, line.Event, line.Detail));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no trace at all")]
    [InlineData("           vcpu0-")]
    [InlineData("           vcpu0 1011    (   1000) [000] ...1.   500.374466: kvm_mmu_spte_requested: gfn 1")]
    [InlineData("           vcpu0-x011    (   1000) [000] ...1.   500.374466: kvm_mmu_spte_requested: gfn 1")]
    [InlineData("           vcpu0-1011    (   1000 [000] ...1.   500.374466: kvm_mmu_spte_requested: gfn 1")]
    [InlineData("           vcpu0-1011    (   1000) 000 ...1.   500.374466: kvm_mmu_spte_requested: gfn 1")]
    [InlineData("           vcpu0-1011    (   1000) [000] ...1.   500.37446: kvm_mmu_spte_requested: gfn 1")]
    [InlineData("           vcpu0-1011    (   1000) [000] ...1.   500.-74466: kvm_mmu_spte_requested: gfn 1")]
    [InlineData("           vcpu0-1011    (   1000) [000] ...1.   99999999999999999999.374466: kvm_mmu_spte_requested: gfn 1")]
    [InlineData("           vcpu0-1011    (   1000) [000] ...1.   500.374466 kvm_mmu_spte_requested gfn 1")]
    [InlineData("           vcpu0-1011    (   1000) [000] ...1.   500.374466: a sentence: gfn 1")]
    [InlineData("CPU:x [LOST many EVENTS]")]
    [InlineData("CPU:1 [LOST -5 EVENTS]")]
    public void What_is_no_event_is_no_event_and_is_counted_as_malformed(string text)
    {
        Assert.False(KernelTraceText.TryParse(text, out _));
        Assert.False(KernelTraceText.TryParseLost(text, out _));
        Assert.Equal(text.Length > 0 ? 1 : 0, KernelTraceCounts.Of([text], Half, _ => 0).Malformed);
    }

    [Theory]
    [InlineData("CPU:0 [LOST 12 EVENTS]", 12)]
    [InlineData("CPU:255 [LOST 4294967296 EVENTS]", 4294967296)]
    [InlineData("CPU:1 [LOST EVENTS]", 1)]
    public void Lost_events_are_counted(string text, long lost)
    {
        Assert.True(KernelTraceText.TryParseLost(text, out long read));
        Assert.Equal(lost, read);
        Assert.Equal(2 * lost, KernelTraceCounts.Of([text, text], Half, _ => 0).Lost);
    }

    [Fact]
    public void A_statistic_is_found_by_its_whole_name()
    {
        string[] lines = ["entries: 0", "overrun: 12", "commit overrun: 3", "oldest event ts: 16775.114642", "dropped events: x"];

        Assert.Equal((16_775_114_642_000, 0), (KernelTraceText.OldestNanoseconds(lines), KernelTraceText.OldestNanoseconds([])));
        Assert.Equal((12, 3, 0, 0),
            (KernelTraceText.Statistic(lines, "overrun"), KernelTraceText.Statistic(lines, "commit overrun"),
                KernelTraceText.Statistic(lines, "dropped events"), KernelTraceText.Statistic(lines, "absent")));
    }
}
