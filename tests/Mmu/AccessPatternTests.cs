using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

public class AccessPatternTests
{
    private static readonly GfnRange Main = GfnRange.Of(1000, 300);
    private static readonly GfnRange Second = GfnRange.Of(0x40000, 7);

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    public void Equal_seeds_touch_equal_frames_and_other_seeds_do_not(ulong stride)
    {
        Assert.Equal(Take(5, stride), Take(5, stride));
        Assert.NotEqual(Take(5, stride), Take(6, stride));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(7UL)]
    [InlineData(1000UL)]
    public void Every_access_lies_in_one_of_the_two_regions_and_both_are_reached(ulong stride)
    {
        List<(Gfn Gfn, bool Write)> accesses = Take(3, stride);
        Assert.All(accesses, access => Assert.True(Main.Contains(access.Gfn) || Second.Contains(access.Gfn), $"{access.Gfn}"));
        Assert.Contains(accesses, access => Main.Contains(access.Gfn));
        Assert.Contains(accesses, access => Second.Contains(access.Gfn));
    }

    [Fact]
    public void In_order_means_every_frame_once_a_round()
    {
        AccessPattern pattern = new(1, Main) { Stride = 1, Cursor = Main.Frames - 1 };
        for (int round = 0; round < 2; round++)
        {
            for (ulong gfn = Main.Start.Value; gfn < Main.End.Value; gfn++)
            {
                pattern.Next(out Gfn next, out bool write);
                Assert.Equal(new Gfn(gfn), next);
                Assert.False(write);
            }
        }
    }

    [Fact]
    public void At_random_every_frame_is_reached_and_about_as_many_accesses_write_as_asked_for()
    {
        AccessPattern pattern = new(9, Main) { WriteEvery = 4 };
        HashSet<ulong> frames = [];
        int writes = 0;
        for (int access = 0; access < 20_000; access++)
        {
            pattern.Next(out Gfn gfn, out bool write);
            frames.Add(gfn.Value);
            if (write) writes++;
        }
        Assert.Equal((int)Main.Frames, frames.Count);
        Assert.InRange(writes, 4_500, 5_500);
    }

    private static List<(Gfn Gfn, bool Write)> Take(ulong seed, ulong stride)
    {
        AccessPattern pattern = new(seed, Main) { Second = Second, SecondEvery = 8, WriteEvery = 3, Stride = stride };
        List<(Gfn, bool)> accesses = [];
        for (int access = 0; access < 2_000; access++)
        {
            pattern.Next(out Gfn gfn, out bool write);
            accesses.Add((gfn, write));
        }
        return accesses;
    }
}
