using Lab.Settings;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Quantities as people read them.</summary>
public sealed class QuantitiesTests
{
    [Theory]
    [InlineData(0, "00:00")]
    [InlineData(3_599.9, "59:59")]
    [InlineData(3_600, "1:00:00")]
    [InlineData(6_574, "1:49:34")]
    [InlineData(359_999, "99:59:59")]
    public void Time_left_keeps_its_hours(double seconds, string shown) =>
        Assert.Equal(shown, Quantities.DescribeLeft(TimeSpan.FromSeconds(seconds)));
}
