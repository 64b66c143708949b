using Lab.Measure;
using Lab.Time;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>The noise floor: its arithmetic, and that it can be measured.</summary>
[Collection(TimingCollection.Name)]
public sealed class DoctorNoiseTests
{
    [Fact]
    public void Equal_slices_have_no_spread()
    {
        SliceSpread spread = SliceSpread.Of([.. Enumerable.Repeat<IReadOnlyList<double>>([10, 10, 10], 5)]);
        Assert.Equal((5, 10.0, 0.0, 0.0, 0.0, 0.0), (spread.Slices, spread.UnitNanoseconds, spread.SpreadPercent,
            spread.FloorPercent, spread.StallNanoseconds, spread.WorstNanoseconds));
    }

    [Fact]
    public void The_floor_is_what_two_slices_differ_by_and_a_stall_is_no_spread()
    {
        // Medians 100 … 109; one unit in a thousand stalls.
        List<IReadOnlyList<double>> slices = [.. Enumerable.Range(0, 10).Select(slice => (IReadOnlyList<double>)[
            .. Enumerable.Range(0, 100).Select(unit => slice == 3 && unit == 7 ? 5000.0 : 100 + slice)])];
        SliceSpread spread = SliceSpread.Of(slices);
        Assert.InRange(spread.FloorPercent, 7.5, 8.1);
        Assert.InRange(spread.SpreadPercent, 1.8, 3);
        Assert.InRange(spread.StallNanoseconds, 4, 5);
        Assert.InRange(spread.WorstNanoseconds, 4890, 4900);
    }

    /// <summary>Threads that wake each other take ten times as long in one slice as in another on a busy machine.</summary>
    [Theory]
    [InlineData(0, "0.0 %")]
    [InlineData(99.9, "99.9 %")]
    [InlineData(100, "a factor of 2.0")]
    [InlineData(929.7, "a factor of 10.3")]
    public void A_floor_that_is_no_percentage_any_more_is_a_factor(double percent, string floor) =>
        Assert.Equal(floor, new SliceSpread(60, 5_800, 34.7, percent, 0, 0).Floor);

    [Fact]
    public void Too_little_is_refused()
    {
        Assert.Throws<ArgumentException>(() => SliceSpread.Of([[1.0]]));
        Assert.Throws<ArgumentException>(() => SliceSpread.Of([[1.0], []]));
    }

    [Fact]
    public void It_is_measured_within_its_time_and_says_what_it_means()
    {
        NoiseFloor floor = NoiseFloor.Measure(TimeSpan.FromMilliseconds(300), Clock.Default);
        Assert.InRange(floor.Work.UnitNanoseconds, 20_000, 500_000);
        Assert.InRange(floor.Wake.UnitNanoseconds, 500, 100_000_000);
        Assert.True(floor.Work.FloorPercent >= 0 && floor.Wake.FloorPercent >= 0);
        Assert.Equal(["noise_floor", "noise_wake", "noise_stall"], floor.Facts().Select(fact => fact.Name));
        Assert.All(floor.Facts(), fact => Assert.Equal(fact.State == FactState.Good, fact.Remedy is null));
    }
}
