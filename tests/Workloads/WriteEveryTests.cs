using Lab.Application.Settings;
using Lab.Mmu;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Workloads;

/// <summary><c>--write-every</c>: how often the guest writes.</summary>
public sealed class WriteEveryTests
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 10_000, 10_000)]
    [InlineData(4, 2_200, 2_800)]
    [InlineData(100, 50, 150)]
    public void A_guest_writes_as_often_as_asked(int every, int fewest, int most)
    {
        AccessPattern pattern =
            new Probe(new WorkloadParameters { MemoryBytes = 8 << 20 }.With(WorkloadParameters.WriteEvery, every)).Pattern;
        int writes = 0;
        for (int access = 0; access < 10_000; access++)
        {
            pattern.Next(out _, out bool write);
            if (write) writes++;
        }
        Assert.InRange(writes, fewest, most);
    }

    [Theory]
    [InlineData("never", "never")]
    [InlineData("1", "1")]
    [InlineData("4", null)]
    public void A_manifest_has_it_where_it_is_not_the_default(string given, string? recorded) =>
        Assert.Equal(recorded, RunRequest.Read(["--write-every", given]).Describe().GetValueOrDefault("write-every"));

    private sealed class Probe(WorkloadParameters parameters)
        : Workload<Metal>(new VmSource<Metal>(() => throw new InvalidOperationException("Nothing runs here.")), parameters)
    {
        public override IReadOnlyList<WorkloadActor> Actors => [];

        public AccessPattern Pattern => PatternOf(0, 1);

        public override string? Finish() => null;
    }
}
