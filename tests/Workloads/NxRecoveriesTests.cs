using Lab.Mmu;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary>Two zappers under the shared hold beside faults, on metal.</summary>
public class NxRecoveriesTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    public static TheoryData<string, bool> Everything => new MatrixTheoryData<string, bool>(
        ["mainline", "workqueue", "second-list", "slot-zap", "mainline+rmap-lock", "mainline+lockless"], [false, true]);

    [Theory]
    [MemberData(nameof(Everything))]
    public void Tables_are_taken_out_under_either_hold(string subject, bool isExclusive)
    {
        WorkloadRun run = WorkloadRun.Of(subject, typeof(NxRecoveries<>), Window, new VmSettings { Vcpus = 3 },
            new WorkloadParameters().With(NxRecoveries.IsExclusive, isExclusive));
        run.AssertClean();
        Assert.Equal(run.Steps["recoverer"], run.Counted["recoveries"]);
        Assert.True(run.Counted["tables_taken"] >= run.Counted["recoveries"]);
    }

    [Theory]
    [InlineData(3, 4, 4, 3, null)]
    [InlineData(3, 4, 5, 3, "took 4 tables, and 5 were taken apart")]
    [InlineData(3, 4, 4, 2, "3 recoveries took a table, and 2 flushes")]
    public void The_answer_is_told_by_what_was_counted(long recoveries, long taken, long apart, long flushes, string? wrong)
    {
        string? found = NxRecoveries<Metal>.Judge(recoveries, taken, apart, flushes);
        if (wrong is null) Assert.Null(found);
        else Assert.Contains(wrong, found);
    }
}
