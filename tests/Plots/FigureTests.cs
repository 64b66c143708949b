using System.Xml.Linq;
using Lab.Plots;
using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Plots;

public sealed class FigureTests(WrittenSample sample) : IClassFixture<WrittenSample>
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Every_figure_of_a_run_is_written_well_formed_with_title_description_and_finite_numbers()
    {
        RunRecord run = sample.Run;
        IReadOnlyList<string> paths = Figures.WriteAll(run, run.Folder);

        Assert.Equal(17, paths.Count);
        Assert.Equal(paths.Count, paths.Distinct().Count());
        foreach (string path in paths)
        {
            Assert.Equal(Path.Combine(run.Folder, "figures"), Path.GetDirectoryName(path));
            string text = File.ReadAllText(path);
            Assert.DoesNotContain("NaN", text);
            Assert.DoesNotContain("Infinity", text);
            XElement root = XDocument.Parse(text).Root!;
            Assert.Equal(Svg + "svg", root.Name);
            Assert.NotEmpty(root.Element(Svg + "title")!.Value);
            Assert.NotEmpty(root.Element(Svg + "desc")!.Value);
            Assert.DoesNotContain("no data", text);
        }
    }

    [Fact]
    public void Every_figure_names_every_strategy_and_marks_broken_ones_and_bounds()
    {
        RunRecord run = sample.Run;
        foreach (Figure figure in Figures.Of(run))
        {
            List<string> words = TextsOf(figure.Plot.GetSvg());
            foreach (string strategy in run.Strategies)
            {
                Assert.Contains(words, word => word.StartsWith(strategy, StringComparison.Ordinal));
            }
            Assert.Contains("async-put (BROKEN)", words);
            Assert.Contains("nothing-to-zap (bound)", words);
        }
    }

    [Fact]
    public void Nothing_is_drawn_or_written_outside_the_figure()
    {
        foreach (Figure figure in Figures.Of(sample.Run))
        {
            foreach (XElement text in XDocument.Parse(figure.Plot.GetSvg()).Descendants(Svg + "text")
                .Where(text => text.Attribute("transform") is null))
            {
                (double x, double width) =
                    ((double)text.Attribute("x")!, TextWidth.Of(text.Value, (double)text.Attribute("font-size")!));
                double start =
                    (string?)text.Attribute("text-anchor") switch { "middle" => x - (width / 2), "end" => x - width, _ => x };
                Assert.True(start >= 0 && start + width <= figure.Plot.Width, $"'{text.Value}' of {figure.FileName} is clipped");
                Assert.InRange((double)text.Attribute("y")!, 0, figure.Plot.Height);
            }
        }
    }

    [Fact]
    public void A_title_wider_than_the_figure_goes_on_in_the_next_line()
    {
        Plot plot = new() { Title = "update: latency by percentile, memslot-churn on radix" };
        Assert.All(TextsOf(plot.GetSvg(300, 300)), line => Assert.InRange(TextWidth.Of(line, 16), 0, 300));
        Assert.Equal(plot.Title, string.Join(' ', TextsOf(plot.GetSvg(300, 300)).SkipLast(1)));
    }

    [Fact]
    public void A_figure_without_data_says_so()
    {
        RunRecord run = sample.Run;
        Scene scene = run.Scenes[0];
        foreach (Plot plot in (Plot[])[
            LatencyByPercentileFigure.Draw(run, scene, "none"), LatencyOverTimeFigure.Draw(run, scene, "none"),
            UpdatePhasesFigure.Draw(run, scene, "none"), RatePerVcpuFigure.Draw(run, scene, "none"), new Plot()])
        {
            Assert.Contains("no data", TextsOf(plot.GetSvg()));
        }
    }

    [Fact]
    public void The_phases_of_a_strategy_end_at_its_mean_update()
    {
        RunRecord run = sample.Run;
        double mean = run.Summary
            .Where(row => row.Strategy == "baseline" && row.Metric.StartsWith("update.phase.", StringComparison.Ordinal))
            .GroupBy(row => row.Metric).Sum(phase => phase.Average(row => row.Mean));
        Assert.Contains(Quantity.Format(mean, "ns"), TextsOf(UpdatePhasesFigure.Draw(run, run.Scenes[0]).GetSvg()));
    }

    [Fact]
    public void Points_that_cannot_be_shown_interrupt_the_line()
    {
        Plot plot = new();
        plot.Axes.Left.Scale = Scale.Log10;
        _ = plot.Add.Scatter([1, 2, 3, 4, 5, double.NaN], [10, 20, 0, double.NaN, 50, 60]);
        string path = XDocument.Parse(plot.GetSvg()).Descendants(Svg + "path").Single().Attribute("d")!.Value;
        Assert.Equal(2, path.Count(c => c == 'M'));
    }

    [Fact]
    public void A_single_value_still_has_an_axis()
    {
        foreach (Scale scale in (Scale[])[Scale.Linear, Scale.Log10, Scale.Percentile])
        {
            Plot plot = new();
            plot.Axes.Left.Scale = plot.Axes.Bottom.Scale = scale;
            _ = plot.Add.Scatter([7], [7]);
            Assert.DoesNotContain("NaN", plot.GetSvg());
        }
    }

    [Fact]
    public void Names_that_are_no_xml_do_not_break_the_figure()
    {
        Plot plot = new() { Title = "a < b & \u0001 \ud800" };
        plot.Add.Scatter([1, 2], [1, 2]).LegendText = "</text><script>";
        Assert.Contains("</text><script>", TextsOf(plot.GetSvg()));
    }

    [Theory]
    [InlineData(0, "ns", "0")]
    [InlineData(7, "ns", "7.00 ns")]
    [InlineData(999.9, "ns", "1.00 µs")]
    [InlineData(12345, "ns", "12.3 µs")]
    [InlineData(4.2e6, "ns", "4.20 ms")]
    [InlineData(3.5e12, "ns", "3500 s")]
    [InlineData(2.5, "s", "2.50 s")]
    [InlineData(4.2e6, "1/s", "4.20 M/s")]
    [InlineData(1037, "pages", "1,037 pages")]
    [InlineData(1, "count", "1")]
    [InlineData(512, "bytes", "512 B")]
    [InlineData(81_369_498, "bytes", "77.6 MiB")]
    [InlineData(double.NaN, "ns", "–")]
    public void Quantities_have_three_digits_and_a_unit_that_fits(double value, string unit, string expected) =>
        Assert.Equal(expected, Quantity.Format(value, unit));

    [Theory]
    [InlineData(10_000, "ns", "10 µs")]
    [InlineData(500, "ns", "500 ns")]
    [InlineData(0.5, "s", "500 ms")]
    [InlineData(2e6, "1/s", "2 M/s")]
    public void Axis_labels_have_no_zeros_that_say_nothing(double value, string unit, string expected) =>
        Assert.Equal(expected, Quantity.Tick(value, unit));

    private static List<string> TextsOf(string svg) =>
        [.. XDocument.Parse(svg).Descendants(Svg + "text").Select(text => text.Value)];
}
