using System.Globalization;

namespace Lab.Bench.Peers;

/// <summary>The C program <c>radix_peer.c</c>.</summary>
internal sealed class RadixPeer(CProgram program)
{
    /// <summary>One process, so that its tables are new; its first pass links them. It inherits the calling thread's
    /// processors.</summary>
    /// <exception cref="WrongAnswerException">It did not zap every page.</exception>
    public RoundTimes RunRound(PeerOptions options)
    {
        string output = program.Run(Text(options.Pages), Text(options.Threads), Text(RoundTimes.Passes));
        List<RoundTimes> passes = new(RoundTimes.Passes);
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            string[] cells = line.Split(',');
            // The peer adds up what its walks read but does not print it; the pages zapped witness what was installed.
            WrongAnswerException.ThrowUnlessEqual("pages zapped by the peer", long.Parse(cells[6], CultureInfo.InvariantCulture),
                options.Pages);
            passes.Add(new RoundTimes(Number(cells[3]), Number(cells[4]), Number(cells[5])));
        }
        WrongAnswerException.ThrowUnlessEqual("passes of the peer", passes.Count, RoundTimes.Passes);
        return RoundTimes.MedianOf(passes);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>Work was timed whose answer was wrong: the time means nothing.</summary>
internal sealed class WrongAnswerException(string message) : Exception(message)
{
    public static void ThrowUnlessEqual(string what, long found, long expected)
    {
        if (found != expected) throw new WrongAnswerException($"The {what} are {found}, and should be {expected}.");
    }
}
