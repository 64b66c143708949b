using Lab.Plots;
using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Plots;

public sealed class FigureTests(WrittenSample sample) : IClassFixture<WrittenSample>
{
    private static readonly Look One = new(Tone.Series(0), "one");

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
            DrawnFigure drawn = new(text);
            Assert.Equal("svg", drawn.Root.Name.LocalName);
            Assert.NotEmpty(drawn.Title);
            Assert.NotEmpty(drawn.Description);
            Assert.DoesNotContain("no data", text);
        }
    }

    [Fact]
    public void Every_figure_names_every_strategy_and_marks_broken_ones_and_bounds()
    {
        RunRecord run = sample.Run;
        foreach (Figure figure in Figures.Of(run))
        {
            List<string> words = new DrawnFigure(figure.Plot).Texts;
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
            foreach ((string text, double start, double end, double y) in new DrawnFigure(figure.Plot).LevelTexts())
            {
                Assert.True(start >= 0 && end <= figure.Plot.Width, $"'{text}' of {figure.FileName} is clipped");
                Assert.InRange(y, 0, figure.Plot.Height);
            }
        }
    }

    [Fact]
    public void A_title_wider_than_the_figure_goes_on_in_the_next_line()
    {
        Plot plot = new() { Title = "update: latency by percentile, memslot-churn on radix", Width = 300, Height = 300 };
        DrawnFigure drawn = new(plot);
        Assert.All(drawn.LevelTexts(), line => Assert.InRange(line.End, 0, 300));
        Assert.Equal(plot.Title, string.Join(' ', drawn.Texts.SkipLast(1)));
        Assert.True(drawn.Texts.Count > 2);
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
            Assert.Contains("no data", new DrawnFigure(plot).Texts);
        }
    }

    [Fact]
    public void The_phases_of_a_strategy_end_at_its_mean_update()
    {
        RunRecord run = sample.Run;
        double mean = run.Summary
            .Where(row => row.Strategy == "baseline" && row.Metric.StartsWith("update.phase.", StringComparison.Ordinal))
            .GroupBy(row => row.Metric).Sum(phase => phase.Average(row => row.Mean));
        Assert.Contains(Quantity.Format(mean, "ns"), new DrawnFigure(UpdatePhasesFigure.Draw(run, run.Scenes[0])).Texts);
    }

    [Fact]
    public void Points_that_cannot_be_shown_interrupt_the_line()
    {
        Plot plot = new();
        plot.Left.Scale = Scale.Log10;
        plot.Series([1, 2, 3, 4, 5, 6, double.NaN], [10, 20, 0, double.NaN, 50, 60, 70], One);
        string path = new DrawnFigure(plot).Lines(One.Tone).First().Attribute("d")!.Value;
        Assert.Equal(2, path.Count(c => c == 'M'));
    }

    [Fact]
    public void A_single_value_still_has_an_axis()
    {
        foreach (Scale scale in (Scale[])[Scale.Linear, Scale.Log10, Scale.Percentile])
        {
            Plot plot = new();
            plot.Left.Scale = plot.Bottom.Scale = scale;
            plot.Series([7], [7], One with { MarkerSize = 5 });
            Assert.Single(new DrawnFigure(plot).Tips);
            Assert.DoesNotContain("NaN", plot.GetSvg());
        }
    }

    [Fact]
    public void Names_that_are_no_xml_do_not_break_the_figure()
    {
        Plot plot = new() { Title = "a < b & \u0001 \ud800" };
        plot.Series([1, 2], [1, 2], One with { Name = "</text><script>" });
        Assert.Contains("</text><script>", new DrawnFigure(plot).Texts);
    }

    [Fact]
    public void Lines_that_lie_on_each_other_are_all_drawn()
    {
        Plot plot = new();
        foreach (int index in (int[])[0, 1, 2])
        {
            plot.Series([1, 2, 3], [1, 5, 2], new Look(Tone.Series(index), "") { IsListed = false });
        }
        DrawnFigure drawn = new(plot);
        Assert.All(Enumerable.Range(0, 3), index => Assert.Single(drawn.Lines(Tone.Series(index))));
    }

    [Fact]
    public void Characters_that_the_font_lacks_are_in_the_text_all_the_same()
    {
        const string Name = "ветка 主线 🐧 été";
        Plot plot = new() { Title = Name };
        plot.Series([1, 2], [1, 2], One with { Name = Name, MarkerSize = 5 });
        DrawnFigure drawn = new(plot);
        Assert.Equal(2, drawn.Texts.Count(text => text == Name));
        Assert.Equal([$"{Name}: 1 at 1", $"{Name}: 2 at 2"], drawn.Tips);
    }

    [Fact]
    public void Dashes_are_an_attribute_and_a_text_is_held_where_it_belongs()
    {
        Plot plot = new();
        foreach ((LinePattern pattern, int index) in Enum.GetValues<LinePattern>().Select((pattern, index) => (pattern, index)))
        {
            plot.Series([1, 2], [index, index + 1], new Look(Tone.Series(index), $"{pattern}") { Pattern = pattern });
        }
        plot.Left.SetTicks([(0.5, "i"), (1.5, "half way up")]);
        plot.Left.Label = "upright";
        DrawnFigure drawn = new(plot);
        Assert.Equal([null, "7 4", "1.5 4"], Enumerable.Range(0, 3).Select(index =>
            DrawnFigure.Of(drawn.Lines(Tone.Series(index)).First(), "stroke-dasharray")));
        Assert.All(drawn.Lines(Tone.Series(1)).SkipLast(1), line => Assert.Equal("2", DrawnFigure.Of(line, "stroke-width")));
        Assert.Equal(["end", "end", "middle", null], ((string[])["i", "half way up", "upright", "Dotted"]).Select(words =>
            DrawnFigure.Of(drawn.All("text").Single(text => text.Value == words), "text-anchor")));
    }

    [Fact]
    public void Every_colour_has_a_dark_one_on_screen_and_figures_have_no_ids_that_could_meet_on_a_page()
    {
        foreach (Figure figure in Figures.Of(sample.Run))
        {
            DrawnFigure drawn = new(figure.Plot);
            string style = drawn.All("style").Single().Value;
            Assert.Contains("@media screen and (prefers-color-scheme:dark)", style);
            foreach ((string name, string colour) in drawn.Root.DescendantsAndSelf().SelectMany(one => one.Attributes())
                .Where(one => one.Name.LocalName is "fill" or "stroke" && one.Value is not ("none" or "transparent"))
                .Select(one => (one.Name.LocalName, one.Value)))
            {
                Assert.Contains($"[{name}='{colour}']{{{name}:#", style);
            }
            Assert.DoesNotContain(drawn.Root.DescendantsAndSelf(), one => one.Attribute("id") is not null);
        }
    }

    [Fact]
    public void Marks_say_what_they_are_when_they_are_pointed_at()
    {
        RunRecord run = sample.Run;
        DrawnFigure bars = new(RatePerVcpuFigure.Draw(run, run.Scenes[0], RatePerVcpuFigure.CountersIn(run, run.Scenes[0])[0]));
        Assert.Equal(bars.All("rect").Count(bar => bar.HasElements), bars.Tips.Count);
        Assert.Contains(bars.Tips, tip => tip.StartsWith("workqueue, vcpu3: ", StringComparison.Ordinal));
        DrawnFigure dots = new(LatencyOverTimeFigure.Draw(run, run.Scenes[0], "update"));
        Assert.True(dots.Tips.Count > 100);
        Assert.Equal(dots.All("circle").Count(), dots.Tips.Count);
        Assert.All(dots.Tips, tip => Assert.Contains(" at ", tip));
    }

    [Fact]
    public void The_same_figure_is_the_same_bytes_whoever_draws_it_at_the_same_time()
    {
        string[] first = [.. Figures.Of(sample.Run).Select(figure => figure.Plot.GetSvg())];
        Parallel.For(0, 4, _ => Assert.Equal(first, Figures.Of(sample.Run).Select(figure => figure.Plot.GetSvg())));
    }

    [Fact]
    public void A_picture_has_twice_the_pixels_and_a_dark_one_a_dark_background()
    {
        Plot plot = LatencyByPercentileFigure.Draw(sample.Run, sample.Run.Scenes[0], "update");
        foreach (bool isDark in (bool[])[false, true])
        {
            string file = Path.Combine(sample.Run.Folder, "one.png");
            Assert.True(plot.SavePng(file, isDark));
            using SkiaSharp.SKBitmap picture = SkiaSharp.SKBitmap.Decode(file);
            Assert.Equal((2 * plot.Width, 2 * plot.Height), (picture.Width, picture.Height));
            Assert.Equal(Tone.Background.Hex(isDark), $"#{picture.GetPixel(1, 1).ToString()[3..]}");
        }
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
}
