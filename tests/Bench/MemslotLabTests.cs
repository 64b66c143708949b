using Lab.Bench.Peers;
using Xunit;

namespace Lab.Tests.Bench;

/// <summary>The lab's side of the memslot comparison does the peer's work.</summary>
public sealed class MemslotLabTests
{
    private const string Device = "/dev/kvm";

    // As gcc 12 assembled memslot_bench.c; the loops are written in assembler there, so no compiler has a choice.
    private const string StoreAllOfPeer = "4C89C64C89C94885C9740B48890E4C01D648FFC975F5E6F8EBE6";
    private const string StoreTimedOfPeer =
        "4C89C64C89C94C89EF0FAEE80F3148C1E220488D1C100FAEE848890E0FAEE80F3148C1E2204809D04829D84889074883C7084C01D648FFC975CFE6F8EBC2";

    [Fact]
    public void The_guest_runs_the_peers_instructions()
    {
        Assert.Equal(StoreAllOfPeer, Convert.ToHexString(MemslotProgram.StoreAll()));
        Assert.Equal(StoreTimedOfPeer, Convert.ToHexString(MemslotProgram.StoreTimed()));
    }

    [Fact]
    public void A_few_iterations_of_each_case_give_every_sample_or_a_reason()
    {
        using MemslotLab? lab = MemslotLab.TryOpen(Device, out string refusal);
        if (lab is null)
        {
            AssertIsOneSentence(refusal);
            return;
        }

        foreach (MemslotCase work in MemslotCase.All.Select(work => work with { Iterations = 3 }))
        {
            IReadOnlyList<RoundQuantiles> found = lab.RunRound(work, QuietRegime.None);
            Assert.Equal(work.Operations.Count, found.Count);
            Assert.All(found, operation => Assert.Equal(work.Samples, operation.Samples));
            Assert.All(found, operation => Assert.InRange(operation.P50, 1, operation.P99));
        }
    }

    [Fact]
    public void Without_the_device_it_says_what_to_do()
    {
        using MemslotLab? lab = MemslotLab.TryOpen("/dev/no-kvm-here", out string refusal);
        Assert.Null(lab);
        AssertIsOneSentence(refusal);
        Assert.Contains("--peer radix", refusal);
        Assert.DoesNotContain("--mmu", refusal);
    }

    private static void AssertIsOneSentence(string refusal)
    {
        Assert.StartsWith("The memslot comparison is left out", refusal);
        Assert.EndsWith(".", refusal);
        Assert.DoesNotContain('\n', refusal);
    }
}
