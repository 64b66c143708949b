using Lab.Bench.Peers;
using Xunit;

namespace Lab.Tests.Bench;

/// <summary>What may be typed behind <c>peers</c>.</summary>
public sealed class PeerOptionsTests
{
    [Theory]
    [InlineData("all", true, true)]
    [InlineData("radix", true, false)]
    [InlineData("memslot", false, true)]
    public void A_peer_is_chosen_by_name(string name, bool radix, bool memslot)
    {
        PeerOptions options = PeerOptions.Parse(["--peer", name]);
        Assert.Equal((radix, memslot), (options.Radix, options.Memslot));
    }

    [Fact]
    public void Both_peers_and_each_comparisons_own_rounds_are_the_default()
    {
        PeerOptions options = PeerOptions.Parse([]);
        Assert.Equal((true, true, null, false), (options.Radix, options.Memslot, options.Rounds, options.Csv));
        Assert.True(MemslotComparison.DefaultRounds >= 11);
    }

    [Fact]
    public void What_scripts_pass_is_understood()
    {
        PeerOptions options = PeerOptions.Parse(["--rounds", "3", "--pages", "16384", "--format", "csv"]);
        Assert.Equal((3, 16384, true), (options.Rounds, options.Pages, options.Csv));
    }

    [Theory]
    [InlineData("--peer is radix, memslot or all, not 'c'.", "--peer", "c")]
    [InlineData("--rounds needs a value.", "--rounds")]
    [InlineData("--rounds takes a number from 1 to 100000, not '0'.", "--rounds", "0")]
    [InlineData("There is no option --iters.", "--iters", "5")]
    public void Anything_else_is_refused_with_a_sentence(string sentence, params string[] arguments) =>
        Assert.Equal(sentence, Assert.Throws<FormatException>(() => PeerOptions.Parse(arguments)).Message);
}
